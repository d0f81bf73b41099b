import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../src/bundler/Bundler.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { CodeRejected, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { Busy, Expired, OrderInProgress, TooManyAttempts } from "../../../src/domain/Errors.ts"
import { RunnerUnavailable, StartFailed } from "../../../src/sandbox/CodeRunner.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { helloBody, makeGateway, problem, type Parts } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

/** One row of the error table: how to bring it about, and what it says. */
interface Row {
  readonly when: string
  readonly parts?: Parts
  readonly call: (gateway: Gateway) => Promise<Response>
  readonly status: number
  readonly code: string
  readonly charged: boolean | null
  readonly type?: string
  readonly headers?: Record<string, RegExp>
  readonly says?: Record<string, unknown>
  readonly captured?: number
}

const challenge = /^Payment id="/
const protocol = (name: string) => `https://paymentauth.org/problems/${name}`
const orders = (error: Busy | OrderInProgress | Expired | TooManyAttempts): Parts => ({
  orders: { submit: () => Effect.fail(error), status: () => Effect.succeed(undefined) }
})

const inProgress = new OrderInProgress({
  detail: "wait",
  charged: true,
  deployment_id: "dep_x",
  status_url: "/deployments/dep_x",
  retry: { idempotency_key: "key_x" },
  retry_after: 5
})

const table: ReadonlyArray<Row> = [
  { when: "files are missing", call: ({ post }) => post("{}"), status: 400, code: "missing_files", charged: false },
  {
    when: "a path is bad",
    call: ({ post }) => post('{"files":{"/a":""}}'),
    status: 400,
    code: "invalid_request",
    charged: false
  },
  {
    when: "the idempotency key is empty",
    call: ({ post }) => post(helloBody, { "idempotency-key": " " }),
    status: 400,
    code: "invalid_request",
    charged: false
  },
  {
    when: "the URL is long",
    call: ({ send }) => send(`/health?${"x".repeat(8192)}`),
    status: 414,
    code: "uri_too_long",
    charged: false
  },
  {
    when: "the Authorization header is long",
    call: ({ post }) => post(helloBody, { authorization: `Payment ${"x".repeat(65_536)}` }),
    status: 431,
    code: "header_too_large",
    charged: false
  },
  {
    when: "there are two credentials",
    call: ({ post }) => post(helloBody, { authorization: "Payment abc, Payment def" }),
    status: 400,
    code: "invalid_request",
    charged: false
  },
  {
    when: "a credential comes without a body",
    call: ({ post }) => post(null, { authorization: "Payment abc" }),
    status: 400,
    code: "invalid_request",
    charged: false
  },
  {
    when: "the method was never offered",
    call: async ({ post, challengeFor }) =>
      post(helloBody, { authorization: testCredential(await challengeFor(), "0xp", { method: "other" }) }),
    status: 400,
    code: "invalid_request",
    type: protocol("method-unsupported"),
    charged: false
  },
  {
    when: "the sources are too large",
    call: ({ post }) => post(JSON.stringify({ files: { a: "x".repeat(512_001) } })),
    status: 413,
    code: "code_too_large",
    charged: false,
    says: { limit_bytes: 512_000 }
  },
  {
    when: "the body is too large",
    call: ({ post }) => post("x".repeat(4 * 1024 * 1024 + 1)),
    status: 413,
    code: "code_too_large",
    charged: false
  },
  {
    when: "the body is not JSON",
    call: ({ post }) => post(helloBody, { "content-type": "text/plain" }),
    status: 415,
    code: "unsupported_media_type",
    charged: false
  },
  {
    when: "the body is packed",
    call: ({ post }) => post(helloBody, { "content-encoding": "gzip" }),
    status: 415,
    code: "unsupported_media_type",
    charged: false
  },
  {
    when: "nothing is paid",
    call: ({ post }) => post(),
    status: 402,
    code: "payment_required",
    type: protocol("payment-required"),
    charged: false,
    headers: { "www-authenticate": challenge, "cache-control": /^no-store$/ }
  },
  {
    when: "an empty call asks for the price",
    call: ({ send }) => send("/deploy", { method: "POST" }),
    status: 402,
    code: "payment_required",
    type: protocol("payment-required"),
    charged: false,
    headers: { "www-authenticate": challenge }
  },
  {
    when: "the credential is malformed",
    call: ({ post }) => post(helloBody, { authorization: "Payment abc" }),
    status: 402,
    code: "payment_required",
    type: protocol("malformed-credential"),
    charged: false,
    headers: { "www-authenticate": challenge }
  },
  {
    when: "the credential is for another body",
    call: async ({ post, challengeFor }) =>
      post('{"files":{"b":""}}', { authorization: testCredential(await challengeFor(), "0xp") }),
    status: 402,
    code: "payment_required",
    type: protocol("invalid-challenge"),
    charged: false,
    headers: { "www-authenticate": challenge }
  },
  {
    when: "the challenge has expired",
    call: async ({ post, challengeFor }) =>
      post(helloBody, {
        authorization: testCredential(await challengeFor(), "0xp", { expires: "2020-01-01T00:00:00Z" })
      }),
    status: 402,
    code: "payment_required",
    type: protocol("payment-expired"),
    charged: false,
    headers: { "www-authenticate": challenge }
  },
  {
    when: "the payer cannot pay",
    call: ({ pay, payments }) => {
      payments.broke.add("0xpayer")
      return pay()
    },
    status: 402,
    code: "payment_required",
    type: protocol("verification-failed"),
    charged: false,
    headers: { "www-authenticate": challenge, "cache-control": /^no-store$/ }
  },
  {
    when: "the chain reverts",
    call: ({ pay, payments }) => {
      payments.captures.push("reverted")
      return pay()
    },
    status: 402,
    code: "payment_required",
    type: protocol("verification-failed"),
    charged: false,
    headers: { "www-authenticate": challenge }
  },
  {
    when: "the source does not bundle",
    parts: { bundle: () => new BundleRejected({ diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "no" }] }) },
    call: ({ pay }) => pay(),
    status: 422,
    code: "bundle_failed",
    charged: false,
    says: { diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "no" }] }
  },
  {
    when: "the bundle does not start",
    parts: { check: () => new StartFailed({ message: "boom", certain: true }) },
    call: ({ pay }) => pay(),
    status: 422,
    code: "bundle_failed",
    charged: false,
    says: { diagnostics: [{ file: "index.ts", line: 0, column: 0, text: "boom" }] }
  },
  {
    when: "nobody can start the bundle",
    parts: { check: () => new RunnerUnavailable({ message: "down" }) },
    call: ({ pay }) => pay(),
    status: 503,
    code: "busy",
    charged: false
  },
  {
    when: "the order is being served",
    parts: orders(inProgress),
    call: ({ pay }) => pay(),
    status: 409,
    code: "order_in_progress",
    charged: true,
    headers: { "retry-after": /^5$/ },
    says: { status_url: "http://gateway.test/deployments/dep_x", retry: { idempotency_key: "key_x" } }
  },
  {
    when: "a credential that has paid comes under another key",
    parts: {},
    call: async ({ challengeFor, post }) => {
      const authorization = testCredential(await challengeFor(), "0xpayer")
      await post(helloBody, { authorization })
      return post(helloBody, { authorization, "idempotency-key": "another" })
    },
    status: 409,
    code: "wrong_idempotency_key",
    charged: true,
    says: { detail: /at no cost/, retry: { idempotency_key: /^key_/ } },
    captured: 1
  },
  {
    when: "the deployment has expired",
    parts: orders(new Expired({ detail: "over", deployment_id: "dep_x" })),
    call: ({ pay }) => pay(),
    status: 410,
    code: "expired",
    charged: true
  },
  {
    when: "its payer has tried too often",
    parts: orders(new TooManyAttempts({ detail: "wait", retry_after: 540 })),
    call: ({ pay }) => pay(),
    status: 429,
    code: "too_many_attempts",
    charged: false,
    headers: { "retry-after": /^540$/ }
  },
  {
    when: "too many builds are in flight",
    parts: orders(new Busy({ detail: "wait", retry_after: 2 })),
    call: ({ pay }) => pay(),
    status: 503,
    code: "busy",
    charged: false,
    headers: { "retry-after": /^2$/ }
  },
  {
    when: "the chain cannot be asked",
    call: async ({ challengeFor, post, payments }) => {
      const authorization = testCredential(await challengeFor(), "0xp")
      payments.down = true
      return post(helloBody, { authorization })
    },
    status: 503,
    code: "payment_unavailable",
    charged: false,
    headers: { "retry-after": /^\d+$/ }
  },
  {
    when: "the chain has not said",
    call: ({ pay, payments }) => {
      payments.captures.push("stuck")
      return pay()
    },
    status: 503,
    code: "payment_pending",
    charged: null,
    headers: { "retry-after": /^5$/ },
    says: { status_url: /^http:\/\/gateway.test\/deployments\/dep_/, retry: { idempotency_key: /^key_/ } }
  },
  {
    when: "the host is down before the payment",
    call: ({ pay, host }) => {
      host.next("account", failsWith(new ControlPlaneUnavailable({ message: "connection refused" })))
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: false,
    headers: { "retry-after": /^10$/ },
    says: { host: "unavailable", detail: /connection refused.*Nothing was charged/ }
  },
  {
    when: "the host's account cannot be reached",
    call: ({ pay, host }) => {
      host.account = { usable: false, reason: "it has no username" }
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: false,
    headers: { "retry-after": /^300$/ },
    says: { host: "unusable", detail: /operator.*no username/ }
  },
  {
    when: "something breaks while the host is asked",
    call: ({ pay, host }) => {
      host.next("account", () => Effect.die(new Error("secret")))
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: false
  },
  {
    when: "the control plane is down after the payment",
    call: ({ pay, host }) => {
      host.next("create", failsWith(new ControlPlaneUnavailable({ message: "connection refused" })))
      return pay({ headers: { "idempotency-key": "mine" } })
    },
    status: 502,
    code: "deploy_failed",
    charged: true,
    captured: 1,
    headers: { "retry-after": /^2$/ },
    says: {
      fault: "service",
      retry: { idempotency_key: "mine" },
      status_url: /^http:\/\/gateway.test\/deployments\/dep_/,
      detail: /You were charged. It goes on by itself; do not pay again.*connection refused/
    }
  },
  {
    when: "the host refuses the code",
    call: ({ pay, host }) => {
      host.next("upload", failsWith(new CodeRejected({ message: "boom at start" })))
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: true,
    captured: 1,
    says: { fault: "code", detail: /boom at start/, retry: { idempotency_key: /^key_/ } }
  },
  {
    when: "a setting is missing",
    parts: { settings: { TEMPO_RECIPIENT: "nobody" } },
    call: ({ post }) => post(),
    status: 503,
    code: "not_configured",
    charged: false,
    says: { missing: ["MPP_SECRET_KEY", "REALM", "TEMPO_RECIPIENT", "CONTROL_PLANE_TOKEN"] }
  },
  {
    when: "a setting is missing and nothing was sent",
    parts: { settings: {} },
    call: ({ send }) => send("/deploy", { method: "POST" }),
    status: 503,
    code: "not_configured",
    charged: false
  },
  {
    when: "something breaks in the gateway",
    parts: { orders: { submit: () => Effect.die(new Error("secret")), status: () => Effect.succeed(undefined) } },
    call: ({ pay }) => pay(),
    status: 500,
    code: "internal_error",
    charged: null
  },
  {
    when: "something breaks in the order, before the charge",
    parts: { bundle: () => Effect.die(new Error("secret")) },
    call: ({ pay }) => pay(),
    status: 500,
    code: "internal_error",
    charged: false
  },
  {
    when: "something breaks in the delivery",
    call: ({ pay, host }) => {
      host.next("create", () => Effect.die(new Error("secret")))
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: true,
    captured: 1,
    says: { fault: "service", retry: { idempotency_key: /^key_/ } }
  },
  {
    when: "the method is wrong",
    call: ({ send }) => send("/deploy"),
    status: 405,
    code: "method_not_allowed",
    charged: false,
    headers: { allow: /^POST$/ }
  },
  { when: "nothing is there", call: ({ send }) => send("/nowhere"), status: 404, code: "not_found", charged: false },
  {
    when: "the path is no valid encoding",
    call: ({ send }) => send("/deployments/%E0%A4%A"),
    status: 404,
    code: "not_found",
    charged: false
  },
  {
    when: "no such deployment is known",
    call: ({ send }) => send(`/deployments/dep_${"a".repeat(26)}`),
    status: 404,
    code: "not_found",
    charged: false
  }
]

const matches = (value: unknown, expected: unknown, at: string): void => {
  if (expected instanceof RegExp) return assert.match(String(value), expected, at)
  if (expected === null || typeof expected !== "object" || Array.isArray(expected)) {
    return assert.deepStrictEqual(value, expected, at)
  }
  for (const [name, part] of Object.entries(expected)) {
    matches((value as Record<string, unknown>)[name], part, `${at}.${name}`)
  }
}

describe("the error table: one answer for each", () => {
  for (const { when, parts, call, status, code, charged, type, headers = {}, says = {}, captured = 0 } of table) {
    it(`${status} ${code} when ${when}`, async () => {
      const gateway = makeGateway(parts)
      const response = await call(gateway)
      const body = await problem(response)
      assert.deepStrictEqual([response.status, body.status, body.code, body.charged], [status, status, code, charged])
      assert.strictEqual(body.type, type ?? `urn:mpp-compute:problem:${code}`)
      assert.isAbove(body.detail.length, 3)
      assert.notInclude(JSON.stringify(body), "secret")
      assert.isNull(response.headers.get("payment-receipt"), "a receipt appears on success only")
      for (const [name, expected] of Object.entries(headers)) assert.match(response.headers.get(name) ?? "", expected)
      matches(body, says, code)
      assert.strictEqual(gateway.payments.captured.size, captured, "what was captured")
    })
  }
})
