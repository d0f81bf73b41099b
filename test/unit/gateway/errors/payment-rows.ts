import { testCredential } from "../../../../src/payment/testing.ts"
import { helloBody } from "../../../support/gateway.ts"
import { protocol, type Row } from "./row.ts"

const challenge = /^Payment id="/

/** Errors of the payment. */
export const paymentRows: ReadonlyArray<Row> = [
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
    message: { detail: /at no cost/, retry: { idempotency_key: /^key_/ } },
    captured: 1
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
    message: { status_url: /^http:\/\/gateway.test\/deployments\/dep_/, retry: { idempotency_key: /^key_/ } }
  }
]
