// Small helpers on top of pages that work without them: ages that tick, live parts, charts, maps.
(() => {
  "use strict";
  const kit = document.currentScript.dataset;
  const locale = document.documentElement.lang;

  const load = (src) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  const style = (href) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    document.head.append(link);
  };

  const steps = [[86400, "day"], [3600, "hour"], [60, "minute"]];
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const ago = (seconds) => {
    const step = steps.find(([size]) => seconds >= size);
    return step ? words.format(-Math.floor(seconds / step[0]), step[1]) : (locale === "en" ? "just now" : "刚刚");
  };
  const markStale = (box) => {
    if (!box || box.classList.contains("age--stale")) return;
    box.classList.replace("age--fresh", "age--stale");
    const badge = document.createElement("span");
    badge.className = "badge badge--warn";
    badge.textContent = box.dataset.staleText;
    box.append(" ", badge);
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-age][datetime]")) {
      const at = Date.parse(time.dateTime);
      if (Number.isNaN(at)) continue;
      const seconds = (Date.now() - at) / 1000;
      time.textContent = ago(seconds);
      const box = time.closest(".age");
      if (box && seconds > Number(box.dataset.staleAfter)) markStale(box);
    }
  };

  const follow = (box) => {
    const state = box.querySelector(".live__state");
    const say = (word) => {
      if (!state || state.dataset.state === word) return;
      state.dataset.state = word;
      state.textContent = word === "on" ? state.dataset.on : state.dataset.off;
    };
    const source = new EventSource(box.dataset.live);
    const put = (event) => {
      const part = document.querySelector(`[data-live-part="${CSS.escape(event.type)}"]`);
      if (!part) return;
      part.innerHTML = event.data;
      window.htmx?.process(part);
      part.dispatchEvent(new CustomEvent("xianban:live", { bubbles: true }));
      tick();
    };
    const parts = new Set();
    const listen = () => {
      for (const part of document.querySelectorAll("[data-live-part]")) {
        const name = part.dataset.livePart;
        if (!parts.has(name)) { parts.add(name); source.addEventListener(name, put); }
      }
    };
    listen();
    source.addEventListener("live-state", (event) => say(event.data));
    source.onerror = () => say("off");
    document.addEventListener("htmx:afterSwap", listen);
    window.addEventListener("pagehide", () => source.close());
  };

  const start = async () => {
    tick();
    setInterval(tick, 10000);
    document.querySelector("[data-focus]")?.focus();
    document.querySelectorAll("[data-live]").forEach(follow);
    document.addEventListener("click", (event) => {
      const opener = event.target.closest("[data-opens]");
      if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    });
    if (document.querySelector("[data-chart]")) {
      await load(kit.echarts);
      await load(kit.charts);
    }
    if (document.querySelector("[data-map]")) {
      style(kit.leafletCss);
      await load(kit.leaflet);
      await load(kit.maps);
    }
  };
  start();
})();
