// The mosaic to look into: the picture's levels become shades by the stretch and the cuts that are chosen.
const data = document.getElementById("view");
if (data) {
  const view = JSON.parse(data.textContent), [middle, width, low, high] = view.levels, [nx, ny] = view.size;
  const place = document.getElementById("viewer"), controls = document.getElementById("shades");
  const { stretch, black, white, invert, readout } = controls.elements;
  const valueOf = (level) => middle + width * Math.sinh(low + (high - low) * (level - 1) / 254);
  const at = (x, y) => [y + 0.5 - ny, x + 0.5];  // rows go up, and the picture begins at its top
  controls.hidden = place.hidden = false;

  const canvas = document.createElement("canvas"), picture = new Image();
  const bounds = [at(-0.5, -0.5), at(nx - 0.5, ny - 0.5)];
  const map = L.map(place, { crs: L.CRS.Simple, attributionControl: false, zoomSnap: 0.25, minZoom: -8, maxZoom: 4,
    preferCanvas: true, scrollWheelZoom: false });
  map.fitBounds(bounds).setMinZoom(map.getZoom() - 1).setMaxBounds(L.latLngBounds(bounds).pad(0.5));
  // The page scrolls until one turns to the mosaic.
  place.addEventListener("focus", () => map.scrollWheelZoom.enable());
  place.addEventListener("blur", () => map.scrollWheelZoom.disable());
  L.svgOverlay(canvas, bounds).addTo(map);  // takes any element
  canvas.style.zIndex = 0;  // below the layers: Leaflet takes a canvas for one of its own
  const grain = () => { canvas.style.imageRendering = 2 ** map.getZoom() * view.step > 1.5 ? "pixelated" : "auto"; };
  map.on("zoomend", grain);

  const stretches = {
    linear: (t) => t, root: Math.sqrt, asinh: (t) => Math.asinh(t / 0.03) / Math.asinh(1 / 0.03),
    log: (t) => Math.log1p(1000 * t) / Math.log1p(1000),
  };
  let levels, shown;
  const paint = () => {
    const from = valueOf(+black.value), to = Math.max(valueOf(+white.value), from + 1e-12);
    const shades = Uint8Array.from({ length: 256 }, (_, level) => {
      const shade = stretches[stretch.value](Math.min(Math.max((valueOf(level) - from) / (to - from), 0), 1));
      return 255 * (invert.checked ? 1 - shade : shade);
    });
    for (let i = 0; i < levels.data.length; i += 4) {
      shown.data[i] = shown.data[i + 1] = shown.data[i + 2] = shades[levels.data[i]];
      shown.data[i + 3] = levels.data[i + 3];
    }
    canvas.getContext("2d").putImageData(shown, 0, 0);
    document.getElementById("cuts").textContent = `${from.toPrecision(3)} to ${to.toPrecision(3)} ${view.unit}`;
  };
  picture.onload = () => {
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    levels = context.getImageData(0, 0, canvas.width, canvas.height);
    shown = context.createImageData(canvas.width, canvas.height);
    [black.value, white.value] = view.cut;
    paint();
    grain();
    place.dataset.isDrawn = "yes";
  };
  picture.src = view.picture;
  controls.addEventListener("input", () => levels && paint());
  controls.addEventListener("submit", (event) => event.preventDefault());

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
    const [x, y] = [latlng.lng - 0.5, latlng.lat - 0.5 + ny];
    const [column, row] = [Math.floor((x + 0.5) / view.step), Math.floor(-latlng.lat / view.step)];
    const i = 4 * (row * canvas.width + column);
    const isInside = levels && column >= 0 && row >= 0 && column < canvas.width && row < canvas.height;
    const value = isInside && levels.data[i + 3] ? `${valueOf(levels.data[i]).toPrecision(3)} ${view.unit}` : "no data";
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
  if (view.flagged) layers["flagged pixels"] = L.imageOverlay(view.flagged, bounds);
  const longest = Math.max(...view.displaced.map((star) => Math.hypot(...star.by)), 1e-9);
  layer("displaced stars", view.displaced.map(({ place: [x, y], by: [dx, dy], text }) => L.featureGroup([
    L.polyline([at(x, y), at(x + dx * nx / 15 / longest, y + dy * nx / 15 / longest)], { color: "#ff4040", weight: 2 }),
    L.circleMarker(at(x, y), { radius: 4, color: "#ff4040", weight: 2 })]).bindTooltip(said(text))));
  L.control.layers(null, layers, { collapsed: window.innerWidth < 700 }).addTo(map);
}
