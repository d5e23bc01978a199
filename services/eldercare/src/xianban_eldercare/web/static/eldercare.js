// On top of pages that work without it: the seconds before a call, time left, and a lost connection.
(() => {
  "use strict";
  // Runs only on the page that follows a press: a reload asks again, a restored tab calls nobody.
  const countDown = (form) => {
    const words = form.querySelector("[data-sos-count]");
    let left = Number(form.dataset.sosSeconds);
    let sent = false;
    form.addEventListener("submit", () => { sent = true; });
    const tick = () => {
      words.textContent = words.dataset.text.replace("…", left);
      if (sent) return;
      if (left === 0) { form.requestSubmit(); return; }
      left -= 1;
      setTimeout(tick, 1000);
    };
    tick();
  };

  const two = (number) => String(number).padStart(2, "0");
  const untilNext = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
      if (Number.isNaN(left)) continue;
      const hours = left >= 3600 ? `${Math.floor(left / 3600)}:` : "";
      const clock = `${hours}${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
      time.textContent = left > 0 ? time.dataset.left.replace("…", clock) : time.dataset.over;
    }
  };

  // A part that asks by itself and gets no answer must not look as if it were new.
  const say = (part, text) => {
    if (part.querySelector(".lost")) return;
    const words = document.createElement("p");
    words.className = "lost";
    words.setAttribute("role", "status");
    words.textContent = text;
    part.prepend(words);
  };
  const lost = (event) => {
    const part = event.target.closest?.("[data-lost]");
    if (part) say(part, part.dataset.lost);
  };

  // A part in which something is typed waits for it to be sent: it is not renewed over it.
  const typed = (field) => field.type !== "hidden" && field.value !== field.defaultValue;
  const hold = (event) => {
    const part = event.target.closest?.("[data-held]");
    if (!part || ![...part.querySelectorAll("input, textarea")].some(typed)) return;
    event.preventDefault();
    say(part, part.dataset.held);
  };

  // A part that is renewed keeps the focus where it was.
  let held = "";
  document.addEventListener("focusin", (event) => {
    held = event.target.closest("[data-live-part]") ? event.target.id : "";
  });
  document.addEventListener("xianban:live", () => {
    if (held && document.activeElement === document.body) document.getElementById(held)?.focus();
  });

  // A check-in says where it was pressed. Without an answer it goes on and the service asks why.
  const locate = (form) => {
    let known = !navigator.geolocation;
    form.addEventListener("submit", (event) => {
      if (known) return;
      event.preventDefault();
      const button = event.submitter;
      if (button) button.disabled = true;
      const go = () => { known = true; if (button) button.disabled = false; form.requestSubmit(); };
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        form.elements.latitude.value = coords.latitude;
        form.elements.longitude.value = coords.longitude;
        form.elements.accuracy.value = coords.accuracy;
        go();
      }, go, { enableHighAccuracy: true, timeout: 8000, maximumAge: 60000 });
    });
  };

  document.querySelectorAll("form[data-sos-seconds]").forEach(countDown);
  document.querySelectorAll("form[data-locates]").forEach(locate);
  untilNext();
  setInterval(untilNext, 1000);
  // A map beside a part that is renewed is drawn anew with it.
  document.addEventListener("htmx:afterSettle", () => document.dispatchEvent(new Event("xianban:live")));
  document.addEventListener("htmx:beforeRequest", hold);
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, lost);
})();
