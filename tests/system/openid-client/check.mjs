// Runs an independent client (openid-client) against an issuer and prints one JSON line per case.
// node check.mjs ISSUER PHONE
import * as oidc from "openid-client";

const [issuer, phone] = process.argv.slice(2);
const CLIENT = "openid-client-test";
const CALLBACK = "http://127.0.0.1:5555/cb";

/** A browser: cookies, redirects inside the issuer, forms filled in. */
class Browser {
  cookies = new Map();

  async open(url, options = {}) {
    for (let hop = 0; hop < 10; hop++) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { ...options.headers, cookie };
      const answer = await fetch(url, { ...options, headers, redirect: "manual" });
      for (const line of answer.headers.getSetCookie()) {
        const [name, value] = line.split(";")[0].split(/=(.*)/s);
        this.cookies.set(name, value);
      }
      const location = answer.headers.get("location");
      if (!location) return { status: answer.status, html: await answer.text() };
      const next = new URL(location, url);
      if (next.origin !== new URL(issuer).origin) return { location: next };
      url = next.href;
      options = {};
    }
    throw new Error("redirects in a circle");
  }

  async submit(page, fields) {
    const form = page.html.match(/<form class="form" method="post" action="([^"]*)"/)[1];
    const body = new URLSearchParams(fields);
    for (const [, name, value] of page.html.matchAll(/name="(csrf|flow)" value="([^"]*)"/g)) {
      body.set(name, value);
    }
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return this.open(new URL(form, issuer), { method: "POST", body, headers });
  }

  /** Through all pages, back to the client. */
  async logIn(url) {
    let page = await this.open(url);
    if (page.html?.includes('name="phone"')) {
      page = await this.submit(page, { phone });
      const code = page.html.match(/id="screen-code">(\d{6})</)[1];
      page = await this.submit(page, { code });
    }
    if (page.html?.includes('value="allow"')) page = await this.submit(page, { decision: "allow" });
    return page;
  }
}

const config = await oidc.discovery(new URL(issuer), CLIENT, undefined, oidc.None(), {
  execute: issuer.startsWith("http://") ? [oidc.allowInsecureRequests] : [],
});
const browser = new Browser();

/** A fresh authorization; `changes` of undefined leave a parameter out. */
async function authorization(changes = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const parameters = {
    redirect_uri: CALLBACK,
    scope: "openid profile",
    state,
    nonce,
    resource: "parking",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...changes,
  };
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === undefined) delete parameters[name];
  }
  const url = oidc.buildAuthorizationUrl(config, parameters);
  const answer = await browser.logIn(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  return { answer, checks };
}

function exchange({ answer, checks }, changes = {}) {
  return oidc.authorizationCodeGrant(config, answer.location, { ...checks, ...changes });
}

async function refused(work) {
  try {
    await work();
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.code ?? String(error);
  }
  throw new Error("was not refused");
}

const cases = {
  async "code flow with PKCE"() {
    const tokens = await exchange(await authorization());
    const claims = tokens.claims();
    const user = await oidc.fetchUserInfo(
      config,
      (await exchange(await authorization({ resource: undefined }))).access_token,
      claims.sub,
    );
    return `${claims.iss} ${user.name}`;
  },
  async "refresh rotates"() {
    const tokens = await exchange(await authorization());
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    return again.refresh_token !== tokens.refresh_token ? "rotated" : "kept";
  },
  async "replayed code"() {
    const done = await authorization();
    await exchange(done);
    return refused(() => exchange(done));
  },
  async "wrong verifier"() {
    const done = await authorization();
    return refused(() => exchange(done, { pkceCodeVerifier: oidc.randomPKCECodeVerifier() }));
  },
  async "missing PKCE"() {
    const none = { code_challenge: undefined, code_challenge_method: undefined };
    return refused(async () => exchange(await authorization(none)));
  },
  async "plain PKCE"() {
    const plain = { code_challenge: "p".repeat(43), code_challenge_method: "plain" };
    return refused(async () => exchange(await authorization(plain)));
  },
  async "wrong redirect"() {
    const { answer } = await authorization({ redirect_uri: "https://evil.example/cb" });
    return answer.location ? "followed" : `page ${answer.status}`;
  },
  async "wrong audience"() {
    return refused(async () => exchange(await authorization({ resource: "health" })));
  },
  async "audience that was not granted"() {
    const done = await authorization();
    return refused(() =>
      oidc.authorizationCodeGrant(config, done.answer.location, done.checks, {
        resource: "identity",
      }),
    );
  },
  async "refresh reuse"() {
    const tokens = await exchange(await authorization());
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    const first = await refused(() => oidc.refreshTokenGrant(config, tokens.refresh_token));
    const second = await refused(() => oidc.refreshTokenGrant(config, again.refresh_token));
    return `${first} ${second}`;
  },
};

for (const [name, run] of Object.entries(cases)) {
  let outcome;
  try {
    outcome = await run();
  } catch (error) {
    outcome = `FAILED ${error.stack ?? error}`;
  }
  console.log(JSON.stringify({ case: name, outcome }));
}
