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

  // One connection per stream, only while the page is looked at: browsers allow six per host.
  const subscribe = (url, events) => {
    let source = null;
    const open = () => {
      if (source) return;
      source = new EventSource(url);
      for (const [name, told] of Object.entries(events())) source.addEventListener(name, told);
      source.onerror = () => events()["live-state"]?.({ data: "off" });
    };
    const close = () => { source?.close(); source = null; };
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", open);
    if (!document.hidden) open();
    return () => { close(); if (!document.hidden) open(); };
  };

  const put = (event) => {
    for (const part of document.querySelectorAll(`[data-live-part="${CSS.escape(event.type)}"]`)) {
      part.innerHTML = event.data;
      window.htmx?.process(part);
      part.dispatchEvent(new CustomEvent("xianban:live", { bubbles: true }));
    }
    tick();
  };
  const follow = (box) => {
    const state = box.querySelector(".live__state");
    const say = (event) => {
      if (!state || state.dataset.state === event.data) return;
      state.dataset.state = event.data;
      state.textContent = event.data === "on" ? state.dataset.on : state.dataset.off;
    };
    const events = () => {
      const named = { "live-state": say };
      for (const part of document.querySelectorAll("[data-live-part]")) named[part.dataset.livePart] = put;
      return named;
    };
    const again = subscribe(box.dataset.live, events);
    document.addEventListener("htmx:afterSwap", again);
  };
  const followBadges = () => {
    const all = [...document.querySelectorAll("[data-badge]")];
    for (const url of new Set(all.map((one) => one.dataset.badge))) {
      const mine = all.filter((one) => one.dataset.badge === url);
      const show = (event) => { for (const one of mine) one.innerHTML = event.data; };
      subscribe(url, () => ({ badge: show }));
    }
  };

  // A form that first needs a stronger log-in loses nothing: what was typed waits in this tab.
  const draft = "xianban-draft";
  const keep = (form) => {
    const typed = [...new FormData(form)].filter(([name]) => name !== "csrf" && name !== "request_id");
    sessionStorage.setItem(draft, JSON.stringify({ action: form.action, typed }));
  };
  const refill = () => {
    const kept = JSON.parse(sessionStorage.getItem(draft) || "null");
    sessionStorage.removeItem(draft);
    if (!kept || new URLSearchParams(location.search).get("again") !== "1") return;
    const form = [...document.querySelectorAll("main form")].find((one) => one.action === kept.action);
    for (const [name, value] of form ? kept.typed : []) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (["checkbox", "radio"].includes(field.type)) field.checked ||= field.value === value;
        else field.value = value;
      }
    }
  };
  const keepDrafts = () => {
    if (!document.querySelector("main form[data-kept]")) return;
    refill();
    for (const form of document.querySelectorAll("main form[data-kept]")) form.addEventListener("submit", () => keep(form));
  };

  const start = async () => {
    tick();
    keepDrafts();
    setInterval(tick, 10000);
    document.querySelector("[data-focus]")?.focus();
    document.querySelectorAll("[data-live]").forEach(follow);
    followBadges();
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
