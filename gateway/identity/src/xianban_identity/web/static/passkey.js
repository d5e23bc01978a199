// Passkeys: takes the options that stand in a form, asks the browser, and sends the answer with
// the form. Forms are hidden until we know that the browser can; without scripts a sentence stands.
(() => {
  "use strict";
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (items) => (items || []).map((item) => ({ ...item, id: bytes(item.id) }));

  const create = async (options) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: listed(options.excludeCredentials),
      },
    });
    return {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
    };
  };

  const get = async (options) => {
    const shown = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: listed(options.allowCredentials),
      },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = shown.response;
    const response = {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
    };
    if (userHandle) response.userHandle = text(userHandle);
    return { id: shown.id, rawId: text(shown.rawId), type: shown.type, response };
  };

  const ceremonies = { create, get };

  const serve = (box) => {
    const form = box.querySelector("form");
    const said = box.querySelector("[data-passkey-said]");
    const say = (key) => {
      said.textContent = said.dataset[key];
      said.hidden = false;
    };
    let busy = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      said.hidden = true;
      try {
        const answer = await ceremonies[form.dataset.passkey](JSON.parse(form.dataset.options));
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch (error) {
        // InvalidStateError: this device holds a passkey of the person already.
        say(error.name === "InvalidStateError" ? "known" : "cancelled");
        busy = false;
      }
    });
    box.querySelector("[data-passkey-away]").hidden = true;
    form.hidden = false;
  };

  const able = window.isSecureContext && "PublicKeyCredential" in window && navigator.credentials;
  for (const box of able ? document.querySelectorAll("[data-passkey-box]") : []) serve(box);
  for (const button of document.querySelectorAll("[data-prints]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
