// Hands this browser's Web Push subscription over, once its owner asks for it.
const form = document.querySelector("form[data-push-key]");
const able = form && "serviceWorker" in navigator && "PushManager" in window;

async function subscribe(event) {
  if (form.elements.endpoint.value) return;
  event.preventDefault();
  const worker = await navigator.serviceWorker.register(form.dataset.worker);
  const found = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: form.dataset.pushKey,
  });
  const { endpoint, keys } = found.toJSON();
  Object.entries({ endpoint, ...keys }).forEach(([name, value]) => {
    form.elements[name].value = value;
  });
  form.submit();
}

if (able) {
  form.hidden = false;
  form.addEventListener("submit", subscribe);
}
