#!/bin/bash
# with-slurm.sh DIR COMMAND...: run COMMAND with a SLURM of one node, on loopback, that ends with it: slurmctld, slurmd and
# munged, slurmdbd with MariaDB for accounting, memory and cores limited by cgroup. As root, on Debian, whose packages it
# installs. COMMAND finds SLURM_CONF in its environment.
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
shift
apt-get install -qq --no-install-recommends slurm-wlm munge slurmdbd mariadb-server > /dev/null  # the users too
host=$(hostname -s)
rm -rf "${root:?}"/{state,spool,mysql,munge,*.pid}
mkdir -p "$root"/{state,spool,log,munge,mysql}
chmod 755 "$root"
chown munge: "$root/munge"
chown mysql: "$root/mysql"
pids=()

start() {  # start LOG COMMAND...: a daemon as child of this script
    local log=$root/log/$1
    shift
    "$@" > "$log" 2>&1 < /dev/null &
    pids=("$!" "${pids[@]}")
}

wait_for() {  # wait_for TEXT COMMAND...
    local what=$1
    shift
    for _ in $(seq 150); do
        "$@" > /dev/null 2>&1 && return
        sleep 0.2
    done
    echo "with-slurm.sh: $what does not start" >&2
    tail -n 5 "$root"/log/* >&2
    exit 1
}

stop() {
    scancel --user "$USER" 2> /dev/null || true
    for pid in "${pids[@]}"; do
        kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
    done
    true
}

configure() {
    local cpus memory
    eval "$(slurmd -C | head -1 | tr ' ' '\n' | sed -n 's/^CPUs=/cpus=/p; s/^RealMemory=/memory=/p')"
    # A job that is requeued waits for cred_expire, a run ends within 10 s of SIGTERM (KillWait), and sbatch --wait looks again
    # after up to half of MinJobAge: waits that are shorter than those of a cluster.
    cat > "$root/slurm.conf" << END
ClusterName=ci
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$root/munge/socket,cred_expire=30
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd.pid
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup,task/affinity
JobAcctGatherType=jobacct_gather/cgroup
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoragePass=$root/munge/socket
MpiDefault=none
ReturnToService=2
KillWait=15
MinJobAge=10
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
DefMemPerCPU=1024
PropagateResourceLimits=NONE
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=ci Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
END
    cat > "$root/cgroup.conf" << END
CgroupPlugin=autodetect
CgroupMountpoint=/sys/fs/cgroup
CgroupAutomount=no
ConstrainCores=yes
ConstrainRAMSpace=yes
ConstrainSwapSpace=yes
AllowedSwapSpace=0
END
    # A kernel with both kinds of cgroups mounted has its controllers in the first.
    [ -d /sys/fs/cgroup/memory ] && sed -i 's/autodetect/cgroup\/v1/' "$root/cgroup.conf"
    cat > "$root/slurmdbd.conf" << END
AuthType=auth/munge
AuthInfo=socket=$root/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=16819
SlurmUser=root
PidFile=$root/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_accounting
END
    chmod 600 "$root/slurmdbd.conf"
}

start_munge() {
    dd if=/dev/urandom bs=1 count=1024 of="$root/munge/key" status=none
    chown munge: "$root/munge/key"
    chmod 400 "$root/munge/key"
    start munged setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --force \
        --key-file="$root/munge/key" --socket="$root/munge/socket" --pid-file="$root/munge/pid" \
        --log-file="$root/munge/log" --seed-file="$root/munge/seed"
    wait_for munged test -S "$root/munge/socket"
}

start_accounting() {
    mariadb-install-db --user=mysql --datadir="$root/mysql/data" --auth-root-authentication-method=socket \
        > "$root/log/mysql-install" 2>&1
    start mariadbd mariadbd --no-defaults --user=mysql --datadir="$root/mysql/data" --socket="$root/mysql/socket" \
        --pid-file="$root/mysql/pid" --skip-networking --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900
    wait_for mariadbd mariadb-admin --socket="$root/mysql/socket" ping
    MYSQL_UNIX_PORT=$root/mysql/socket start slurmdbd slurmdbd -D
    wait_for slurmdbd sacctmgr --noheader show cluster
}

export USER=${USER:-root} SLURM_CONF=$root/slurm.conf
trap stop EXIT
configure
start_munge
start_accounting
start slurmctld slurmctld -D
start slurmd slurmd -D -N "$host"
wait_for slurmd sh -c 'sinfo --noheader --format %T | grep -q idle'
"$@"
