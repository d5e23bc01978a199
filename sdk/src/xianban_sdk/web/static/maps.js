// Draws each map block over a hand-made sketch of the district; markers come from the page's list.
// A tile server, where a district has one, is named in <meta name="map-tiles" content="https://…/{z}/{x}/{y}.png">.
(() => {
  "use strict";
  const tiles = document.querySelector('meta[name="map-tiles"]')?.content;
  const looks = {
    land: { color: "#cfdccf", weight: 1, fillColor: "#eef4ee", fillOpacity: 1 },
    water: { color: "#a9cfe6", weight: 1, fillColor: "#c4e1f1", fillOpacity: 1 },
    river: { color: "#a9d3ec", weight: 7 },
    park: { color: "#bfdcbf", weight: 1, fillColor: "#d8ecd6", fillOpacity: 1 },
    road: { color: "#ffffff", weight: 5 },
    main: { color: "#f6d99b", weight: 7 },
    metro: { color: "#8a6bb1", weight: 3, dashArray: "8 5" },
  };
  const rings = { info: "#1b5faa", ok: "#1c7a45", warn: "#8a5200", danger: "#b3261e", plain: "#4a5b69" };
  const elder = document.documentElement.dataset.profile === "elder";

  const base = async (map, url) => {
    if (tiles) { L.tileLayer(tiles, { maxZoom: 18 }).addTo(map); return; }
    const sketch = await (await fetch(url)).json();
    const lines = sketch.features.filter((one) => one.geometry.type !== "Point");
    L.geoJSON(lines, { interactive: false, style: (one) => looks[one.properties.kind] }).addTo(map);
    for (const place of sketch.features.filter((one) => one.geometry.type === "Point")) {
      const [lon, lat] = place.geometry.coordinates;
      const name = place.properties[document.documentElement.lang === "en" ? "en" : "zh"];
      const icon = L.divIcon({ className: "place-name", html: document.createTextNode(name).textContent, iconSize: null });
      L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(map);
    }
  };

  const pin = (map, item) => {
    // Live parts inside the item bring newer values than the item itself.
    const data = { ...item.dataset, ...item.querySelector("[data-value]")?.dataset };
    const label = document.createElement("span");
    label.className = `marker marker--${data.tone || "info"}`;
    label.textContent = label.dataset.value = data.value || "P";
    const icon = L.divIcon({ className: "", html: label, iconSize: elder ? [64, 44] : [48, 32] });
    const marker = L.marker([Number(data.lat), Number(data.lon)], { icon, title: data.label, alt: data.label });
    marker.on("click keypress", (event) => {
      if (event.originalEvent.key && event.originalEvent.key !== "Enter") return;
      if (data.href) window.location.href = data.href;
    });
    return marker.addTo(map);
  };

  // How far a place reaches, or how exactly it is known: metres around an item.
  const ring = (map, item) => {
    const tone = rings[item.dataset.tone] || rings.info;
    const at = [Number(item.dataset.lat), Number(item.dataset.lon)];
    return L.circle(at, { radius: Number(item.dataset.radius), color: tone, weight: 2, fillOpacity: 0.12, interactive: false }).addTo(map);
  };

  // Markers must not cover each other's targets: of two that meet, the later in the list becomes a
  // dot that only shows where it is; zooming in, or the list, brings it back.
  const spread = (map, pins) => {
    const placed = [];
    for (const one of pins) {
      const at = map.latLngToContainerPoint(one.getLatLng());
      const [width, height] = one.options.icon.options.iconSize;
      const free = placed.every((other) => Math.abs(other.x - at.x) >= width || Math.abs(other.y - at.y) >= height);
      if (free) placed.push(at);
      const element = one.getElement();
      element.classList.toggle("marker-dot", !free);
      one.setZIndexOffset(free ? 0 : -1000); // a dot lies under the words beside it
      const label = element.firstElementChild;
      label.textContent = free ? label.dataset.value : "";
      element.setAttribute("aria-hidden", String(!free));
      if (free) { element.setAttribute("tabindex", "0"); element.setAttribute("role", "button"); }
      else { element.removeAttribute("tabindex"); element.removeAttribute("role"); }
    }
  };

  const draw = (figure) => {
    const list = document.getElementById(figure.dataset.map);
    if (!list) return;
    figure.hidden = false;
    const map = L.map(figure.querySelector(".map__canvas"), { attributionControl: false, scrollWheelZoom: false, minZoom: 11, maxZoom: 18 });
    map.setView([Number(figure.dataset.lat), Number(figure.dataset.lon)], Number(figure.dataset.zoom));
    let pins = [];
    let around = [];
    // The sketch comes later than the rings and must not cover them.
    base(map, figure.dataset.base)
      .then(() => around.forEach((one) => one.bringToFront()))
      .catch((error) => console.warn("map sketch", error));
    const place = () => {
      [...pins, ...around].forEach((one) => one.remove());
      around = [...list.querySelectorAll("[data-radius]")].map((item) => ring(map, item));
      pins = [...list.querySelectorAll("[data-lat][data-lon]")].map((item) => pin(map, item));
      spread(map, pins);
    };
    place();
    if (pins.length) map.fitBounds(L.featureGroup([...pins, ...around]).getBounds().pad(0.2), { maxZoom: Number(figure.dataset.zoom) });
    map.on("zoomend", () => spread(map, pins));
    spread(map, pins);
    document.addEventListener("xianban:live", place);
  };
  document.querySelectorAll("[data-map]").forEach(draw);
})();
