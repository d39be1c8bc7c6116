/* Kernels of drizzle (Fruchter & Hook 2002, PASP 114, 144) for several planes of one image at once.

   Where an input pixel falls on the output takes nearly all of a kernel's time, and is the same for the image and its
   variances. The arithmetic, its order and its precision are those of the drizzle package 2.2.0, so that results have
   the same bits: whoever changes a formula has to look at both. one_pass.py calls this, after a comparison with
   drizzle. It is plain C, and knows nothing of Python. */

#include <math.h>

/* The image, and the output of which it is a part; all arrays are row by row.
   sums, total and context are 0 at first: the weighted means of the planes, the weight, and 1 where that grew. */
typedef struct {
    int nx, ny;            /* columns and rows of the image */
    const double *map;     /* x and y of each pixel's middle on the output; NaN: it has no place */
    const int *first;      /* the columns that are drizzled in each row; both ends count */
    const int *last;
    const float *weight;
    int n;                 /* number of planes */
    const float **planes;
    float scale;           /* factor of their values */
    int mx, my;            /* columns and rows of the output */
    float **sums;
    float *total;
    int *context;
} Drizzle;

/* Add an input pixel to an output pixel, with a weight. */
static inline void add(const Drizzle *d, long from, long to, float weight)
{
    if (weight == 0) return;
    float so_far = d->total[to], sum = so_far + weight;
    for (int k = 0; k < d->n; k++) {
        float value = d->planes[k][from] * d->scale, *mean = d->sums[k] + to;
        *mean = so_far == 0 ? value : (*mean * so_far + weight * value) / sum;
    }
    d->total[to] = sum;
    if (weight > 0) d->context[to] = 1;
}

/* The nearest integer; half a pixel goes away from 0. */
static inline int nearest(double z)
{
    int whole = (int)z;
    double rest = z - whole;
    return whole + (rest >= 0.5) - (rest <= -0.5);
}

static inline int at_least(int lowest, int value)
{
    return value < lowest ? lowest : value;
}

static inline int at_most(int highest, int value)
{
    return value > highest ? highest : value;
}

/* --- square: the pixel as a quadrilateral ------------------------------------------------------------------------ */

typedef struct {
    double x[4], y[4];
} Corners;

/* One side of a quadrilateral as far as it lies in a column of the output; x is counted from the column's left edge. */
typedef struct {
    double x1, y1, x2, y2; /* its ends; y on the output */
    double dx, dy, sign;   /* sign: -1 where it runs to the left */
    double left, right;    /* the part in the column, */
    double rise_left, rise_right; /* and how much higher than the first end it is there */
} Side;

/* A corner by bilinear interpolation of the map, or extrapolation at its edge. */
static void corner_at(const Drizzle *d, double x, double y, double *u, double *v)
{
    int i = at_least(0, at_most(d->nx - 2, (int)x)), j = at_least(0, at_most(d->ny - 2, (int)y));
    double a = x - i, b = y - j, c = 1 - a, e = 1 - b;
    const double *p = d->map + 2 * ((long)j * d->nx + i), *q = p + 2 * d->nx;
    *u = p[0] * c * e + p[2] * a * e + q[0] * c * b + q[2] * a * b;
    *v = p[1] * c * e + p[3] * a * e + q[1] * c * b + q[3] * a * b;
}

/* The corners of a pixel, half a side h away from its middle; 0 where one has no place. */
static inline int find_corners(const Drizzle *d, int i, int j, double h, Corners *corners)
{
    double *x = corners->x, *y = corners->y;
    if (i > 0 && i < d->nx - 2 && j > 0 && j < d->ny - 2) {
        double middle = (1 - h) * (1 - h), side = (1 - h) * h, corner = h * h;
        const double *q = d->map + 2 * ((long)j * d->nx + i), *p = q - 2 * d->nx, *r = q + 2 * d->nx;
        for (int k = 0; k < 2; k++) {
            double *z = k ? y : x;
            double p0 = p[k - 2] * corner, p1 = p[k] * side, p2 = p[k + 2] * corner;
            double q0 = q[k - 2] * side, q1 = q[k] * middle, q2 = q[k + 2] * side;
            double r0 = r[k - 2] * corner, r1 = r[k] * side, r2 = r[k + 2] * corner;
            z[0] = q0 + q1 + r0 + r1;
            z[1] = q1 + q2 + r1 + r2;
            z[2] = p1 + p2 + q1 + q2;
            z[3] = p0 + p1 + q0 + q1;
        }
    } else {
        for (int k = 0; k < 4; k++)
            corner_at(d, k == 1 || k == 2 ? i + h : i - h, k < 2 ? j + h : j - h, x + k, y + k);
    }
    for (int k = 0; k < 4; k++)
        if (isnan(x[k]) || isnan(y[k])) return 0;
    return 1;
}

/* The side from corner k as far as it lies in a column, given by its left edge; 0 where it does not. Slopes are those
   that drizzle gets in the row with the given lower edge. */
static inline int cut_side(const Corners *corners, int k, double column, double row, Side *side)
{
    int next = (k + 1) & 3;
    double x1 = corners->x[k] - column, x2 = corners->x[next] - column, dx = x2 - x1;
    double left = dx < 0 ? x2 : x1, right = dx < 0 ? x1 : x2;
    if (dx == 0 || left >= 1 || right <= 0) return 0;
    if (!(left > 0)) left = 0;
    if (!(right < 1)) right = 1;
    double y1 = corners->y[k], y2 = corners->y[next], dy = (y2 - row) - (y1 - row), slope = dy / dx;
    *side = (Side){x1, y1, x2, y2, dx, dy, dx < 0 ? -1 : 1, left, right, slope * (left - x1), slope * (right - x1)};
    return 1;
}

/* The signed area between a side and the lower edge of an output pixel, as far as it lies in the pixel. */
static inline double area_below(const Side *side, double row)
{
    double y1 = side->y1 - row, y_left = y1 + side->rise_left, y_right = y1 + side->rise_right;
    double left = side->left, right = side->right;
    if (y_left <= 0 && y_right <= 0) return 0;
    if (y_left >= 1 && y_right >= 1) return side->sign * (right - left);
    if (y_left < 0 || y_right < 0 || y_left > 1 || y_right > 1) {
        double cross = side->x1 * (side->y2 - row) - y1 * side->x2;
        if (y_left < 0) {
            y_left = 0;
            left = cross / side->dy;
        }
        if (y_right < 0) {
            y_right = 0;
            right = cross / side->dy;
        }
        double top = (side->dx + cross) / side->dy; /* where it leaves the pixel through the upper edge, if it does */
        if (y_left > 1) return side->sign * (0.5 * (right - top) * (1 + y_right) + top - left);
        if (y_right > 1) return side->sign * (0.5 * (top - left) * (1 + y_left) + right - top);
    }
    return side->sign * 0.5 * (right - left) * (y_right + y_left);
}

/* Add a pixel to all output pixels that its quadrilateral shares an area with. */
static inline void add_corners(const Drizzle *d, const Corners *corners, long from, double share)
{
    const double *x = corners->x, *y = corners->y;
    double x_low = x[0], y_low = y[0], x_high = 0, y_high = 0;
    for (int k = 0; k < 4; k++) {
        if (x[k] < x_low) x_low = x[k];
        if (y[k] < y_low) y_low = y[k];
        if (x[k] > x_high) x_high = x[k];
        if (y[k] > y_high) y_high = y[k];
    }
    int left = at_least(0, nearest(x_low)), right = at_most(d->mx - 1, nearest(x_high));
    int bottom = at_least(0, nearest(y_low)), top = at_most(d->my - 1, nearest(y_high));
    /* Far from row 0 no difference from a row's edge is rounded, and a side is cut alike in all of them. */
    int alike = y_high - y_low + 1 <= y_low;
    for (int column = left; column <= right; column++) {
        Side sides[4];
        int n_sides = 0;
        for (int row = bottom; row <= top; row++) {
            double area = 0, edge = row - 0.5;
            if (row == bottom || !alike) {
                n_sides = 0;
                for (int k = 0; k < 4; k++) n_sides += cut_side(corners, k, column - 0.5, edge, sides + n_sides);
            }
            for (int k = 0; k < n_sides; k++) area += area_below(sides + k, edge);
            if (area != 0) add(d, from, (long)row * d->mx + column, (float)(area * share));
        }
    }
}

void square(const Drizzle *d, double pixfrac)
{
    Corners corners;
    for (int j = 0; j < d->ny; j++)
        for (int i = d->first[j]; i <= d->last[j]; i++) {
            long here = (long)j * d->nx + i;
            if (!find_corners(d, i, j, 0.5 * pixfrac, &corners)) continue;
            const double *x = corners.x, *y = corners.y;
            double share = d->weight[here] / (0.5 * ((x[1] - x[3]) * (y[0] - y[2]) - (x[0] - x[2]) * (y[1] - y[3])));
            if (share != 0) add_corners(d, &corners, here, share);
        }
}

/* --- turbo and point: the pixel as a square along the output's axes, or as its middle ------------------------------ */

/* What two intervals have in common: the pixel's, half a side h around z, and that of output pixel number `at`. */
static inline double shared(double z, double h, int at)
{
    double low = at - 0.5, high = at + 0.5;
    return (z + h < high ? z + h : high) - (z - h > low ? z - h : low);
}

void turbo(const Drizzle *d, double h, double share)
{
    for (int j = 0; j < d->ny; j++)
        for (int i = d->first[j]; i <= d->last[j]; i++) {
            long here = (long)j * d->nx + i;
            double x = d->map[2 * here], y = d->map[2 * here + 1], weight = d->weight[here];
            if (isnan(x) || isnan(y)) continue;
            int left = at_least(0, nearest(x - h)), right = at_most(d->mx - 1, nearest(x + h));
            int bottom = at_least(0, nearest(y - h)), top = at_most(d->my - 1, nearest(y + h));
            for (int row = bottom; row <= top; row++)
                for (int column = left; column <= right; column++) {
                    double width = shared(x, h, column), height = shared(y, h, row);
                    if (width > 0 && height > 0)
                        add(d, here, (long)row * d->mx + column, (float)(width * height * share * weight));
                }
        }
}

void point(const Drizzle *d)
{
    for (int j = 0; j < d->ny; j++)
        for (int i = d->first[j]; i <= d->last[j]; i++) {
            long here = (long)j * d->nx + i;
            double x = d->map[2 * here], y = d->map[2 * here + 1];
            if (isnan(x) || isnan(y)) continue;
            int column = nearest(x), row = nearest(y);
            if (column >= 0 && column < d->mx && row >= 0 && row < d->my)
                add(d, here, (long)row * d->mx + column, d->weight[here]);
        }
}
