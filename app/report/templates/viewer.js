// The mosaic to look into: the picture's levels become shades by the stretch and the cuts that are chosen.
const data = document.getElementById("view");
if (data) {
  const view = JSON.parse(data.textContent), [middle, width, low, high] = view.levels, [nx, ny] = view.size;
  const place = document.getElementById("viewer"), controls = document.getElementById("shades");
  const { stretch, black, white, invert, readout } = controls.elements;
  const valueOf = (level) => middle + width * Math.sinh(low + (high - low) * (level - 1) / 254);
  const at = (x, y) => [y + 0.5, x + 0.5], side = view.side;
  controls.hidden = place.hidden = false;

  const bounds = [at(-0.5, -0.5), at(nx - 0.5, ny - 0.5)];
  const map = L.map(place, { crs: L.CRS.Simple, attributionControl: false, zoomSnap: 0.25, minZoom: -12, maxZoom: 4,
    preferCanvas: true, scrollWheelZoom: false });
  map.fitBounds(bounds).setMinZoom(map.getZoom() - 1).setMaxBounds(L.latLngBounds(bounds).pad(0.5));
  // The page scrolls until one turns to the mosaic.
  place.addEventListener("focus", () => map.scrollWheelZoom.enable());
  place.addEventListener("blur", () => map.scrollWheelZoom.disable());
  const grain = () => place.classList.toggle("is-near", map.getZoom() > 0.5);
  map.on("zoomend", grain);

  // Tiles that are in the page, and those beside it: scripts, since a page from disk may not read the pixels of pictures.
  const beside = new Set(view.beside), waiting = {};
  window.lv3Tile = (name, pictures) => waiting[name]?.(pictures);
  const fetched = (name) => new Promise((take, fail) => {
    waiting[name] = take;
    const script = document.createElement("script");
    script.src = `${view.folder}/${name}.js`;
    script.onerror = fail;
    script.onload = () => script.remove();
    document.head.append(script);
  });
  const loaded = (address) => new Promise((take) => {
    const picture = new Image();
    picture.onload = () => take(picture);
    picture.src = address;
  });
  const levelsOf = async (name) => {
    const addresses = view.tiles[name] ?? (beside.has(name) ? await fetched(name) : []);
    const [picture, there] = await Promise.all(addresses.filter(Boolean).map(loaded));
    if (!picture) return null;
    const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    context.globalCompositeOperation = "destination-in";
    if (there) context.drawImage(there, 0, 0);
    return context.getImageData(0, 0, side, side);
  };

  const stretches = {
    linear: (t) => t, root: Math.sqrt, asinh: (t) => Math.asinh(t / 0.03) / Math.asinh(1 / 0.03),
    log: (t) => Math.log1p(1000 * t) / Math.log1p(1000),
  };
  [black.value, white.value] = view.cut;
  const shown = new Map();
  let shades;
  const paint = ({ canvas, levels }) => {
    const drawn = new ImageData(side, side);
    for (let i = 0; i < drawn.data.length; i += 4) {
      drawn.data[i] = drawn.data[i + 1] = drawn.data[i + 2] = shades[levels.data[i]];
      drawn.data[i + 3] = levels.data[i + 3];
    }
    canvas.getContext("2d", { willReadFrequently: true }).putImageData(drawn, 0, 0);
  };
  const shade = () => {
    const from = valueOf(+black.value), to = Math.max(valueOf(+white.value), from + 1e-12);
    shades = Uint8Array.from({ length: 256 }, (_, level) => {
      const share = stretches[stretch.value](Math.min(Math.max((valueOf(level) - from) / (to - from), 0), 1));
      return 255 * (invert.checked ? 1 - share : share);
    });
    document.getElementById("cuts").textContent = `${from.toPrecision(3)} to ${to.toPrecision(3)} ${view.unit}`;
    shown.forEach(paint);
  };
  shade();
  controls.addEventListener("input", shade);
  controls.addEventListener("submit", (event) => event.preventDefault());

  const Mosaic = L.GridLayer.extend({
    createTile({ x, y, z }, done) {
      const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
      const name = canvas.dataset.name = `${-z}_${x}_${-1 - y}`;
      levelsOf(name).then((levels) => {
        if (levels && !canvas.isGone) { shown.set(name, { canvas, levels }); paint(shown.get(name)); }
        done(null, canvas);
      }, () => {  // the folder is not beside the page
        const finest = Math.min(...Object.keys(view.tiles).map((tile) => +tile.split("_")[0]));
        readout.value = `Finer levels are files in ${view.folder}, which is not beside this page.`;
        beside.clear();
        mosaic.options.maxNativeZoom = -finest;
        mosaic.redraw();
      });
      return canvas;
    },
  });
  const mosaic = new Mosaic({ tileSize: side, bounds, noWrap: true, minZoom: -12, minNativeZoom: -view.depth, maxNativeZoom: 0 });
  mosaic.on("tileunload", ({ tile }) => { tile.isGone = true; if (shown.get(tile.dataset.name)?.canvas === tile) shown.delete(tile.dataset.name); });
  mosaic.on("load", () => { place.dataset.isDrawn = "yes"; });
  mosaic.addTo(map);
  grain();
  const levelAt = (x, y) => {  // of the finest tile that is shown there; 0 is no data
    for (let level = 0; level <= view.depth; level++) {
      const step = 2 ** level, [column, row] = [Math.floor((x + 0.5) / step), Math.floor((y + 0.5) / step)];
      const [i, j] = [Math.floor(column / side), Math.floor(row / side)], tile = shown.get(`${level}_${i}_${j}`);
      const at = tile && 4 * ((side - 1 - (row - j * side)) * side + column - i * side);
      if (tile) return tile.levels.data[at + 3] && tile.levels.data[at];
    }
    return 0;
  };

  const sky = (x, y) => {  // Calabretta & Greisen 2002, A&A 395, 1077, section 5.1.3
    if (!view.sky) return "";
    const { pixel, place: [ra0, dec0], matrix } = view.sky, turn = Math.PI / 180;
    const [dx, dy] = [x - pixel[0], y - pixel[1]];
    const [xi, eta] = matrix.map(([a, b]) => (a * dx + b * dy) * turn);
    const [sine, cosine] = [Math.sin(dec0 * turn), Math.cos(dec0 * turn)];
    const ra = ra0 + Math.atan2(xi, cosine - eta * sine) / turn;
    const dec = Math.atan2(sine + eta * cosine, Math.hypot(xi, cosine - eta * sine)) / turn;
    return `${((ra + 360) % 360).toFixed(6)} ${dec.toFixed(6)} deg, `;
  };
  map.on("mousemove", ({ latlng }) => {
    const [x, y] = [latlng.lng - 0.5, latlng.lat - 0.5], level = levelAt(x, y);
    const value = level ? `${valueOf(level).toPrecision(3)} ${view.unit}` : "no data";
    readout.value = `${sky(x, y)}pixel ${x.toFixed(1)} ${y.toFixed(1)}: ${value}`;
  });

  const layers = {};
  const layer = (name, items) => { if (items.length) layers[`${name} (${items.length})`] = L.layerGroup(items); };
  const said = (text) => Object.assign(document.createElement("span"), { textContent: text });  // never markup
  const ring = (points) => points.map(([x, y]) => at(x, y));
  layer("exposures", view.exposures.filter((e) => e.outline.length).map((e) => L.polygon(ring(e.outline),
    { color: e.colour, weight: 1.5, fill: false }).bindTooltip(said(`${e.name}, group ${e.group}`), { sticky: true })));
  layer("groups", view.groups.map((g) => L.polygon(g.outlines.map(ring), { color: g.colour, weight: 3, fillOpacity: 0.03 })
    .bindTooltip(said(`group ${g.name}: ${g.n}`), { sticky: true })));
  layer("sources", view.sources.map(([x, y, magnitude, isWide]) => L.circleMarker(at(x, y), { radius: 8, weight: 1.5,
    color: isWide ? "#e69f00" : "#56b4e9", fill: false })
    .bindTooltip(said(`${magnitude === null ? "no magnitude" : `${magnitude} mag`}${isWide ? ", extended" : ""}`))));
  if (view.flagged) layers["flagged pixels"] = L.imageOverlay(view.flagged,
    [bounds[0], at(Math.ceil(nx / view.step) * view.step - 0.5, Math.ceil(ny / view.step) * view.step - 0.5)]);
  const longest = Math.max(...view.displaced.map((star) => Math.hypot(...star.by)), 1e-9);
  layer("displaced stars", view.displaced.map(({ place: [x, y], by: [dx, dy], text }) => L.featureGroup([
    L.polyline([at(x, y), at(x + dx * nx / 15 / longest, y + dy * nx / 15 / longest)], { color: "#ff4040", weight: 2 }),
    L.circleMarker(at(x, y), { radius: 4, color: "#ff4040", weight: 2 })]).bindTooltip(said(text))));
  L.control.layers(null, layers, { collapsed: window.innerWidth < 700 }).addTo(map);
}
