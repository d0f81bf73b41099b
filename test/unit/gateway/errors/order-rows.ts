import * as Effect from "effect/Effect"
import { BundleRejected } from "../../../../src/bundler/Bundler.ts"
import { failsWith } from "../../../../src/control-plane/testing.ts"
import { CodeRejected, ControlPlaneUnavailable } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { Busy, Expired, OrderInProgress, TooManyAttempts } from "../../../../src/domain/Errors.ts"
import { RunnerUnavailable, StartFailed } from "../../../../src/sandbox/CodeRunner.ts"
import type { Parts } from "../../../support/gateway.ts"
import type { Row } from "./row.ts"

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

/** Errors of the order: build, host and delivery. */
export const orderRows: ReadonlyArray<Row> = [
  {
    when: "the source does not bundle",
    parts: { bundle: () => new BundleRejected({ diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "no" }] }) },
    call: ({ pay }) => pay(),
    status: 422,
    code: "bundle_failed",
    charged: false,
    message: { diagnostics: [{ file: "a.ts", line: 1, column: 2, text: "no" }] }
  },
  {
    when: "the bundle does not start",
    parts: { check: () => new StartFailed({ message: "boom", certain: true }) },
    call: ({ pay }) => pay(),
    status: 422,
    code: "bundle_failed",
    charged: false,
    message: { diagnostics: [{ file: "index.ts", line: 0, column: 0, text: "boom" }] }
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
    message: { status_url: "http://gateway.test/deployments/dep_x", retry: { idempotency_key: "key_x" } }
  },
  {
    when: "the deployment has expired",
    parts: orders(new Expired({ detail: "over", deployment_id: "dep_x", expired_at: "2026-03-27T21:00:00Z" })),
    call: ({ pay }) => pay(),
    status: 410,
    code: "expired",
    charged: true,
    message: { expired_at: "2026-03-27T21:00:00Z" }
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
    when: "the host is down before the payment",
    call: ({ pay, host }) => {
      host.next("account", failsWith(new ControlPlaneUnavailable({ message: "connection refused" })))
      return pay()
    },
    status: 502,
    code: "deploy_failed",
    charged: false,
    headers: { "retry-after": /^10$/ },
    message: { host: "unavailable", detail: /connection refused.*Nothing was charged/ }
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
    message: { host: "unusable", detail: /operator.*no username/ }
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
    message: {
      fault: "service",
      retry: { idempotency_key: "mine" },
      status_url: /^http:\/\/gateway.test\/deployments\/dep_/,
      detail: /You were charged. The service retries by itself; do not pay again.*connection refused/
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
    message: { fault: "code", detail: /boom at start/, retry: { idempotency_key: /^key_/ } }
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
    message: { fault: "service", retry: { idempotency_key: /^key_/ } }
  }
]
