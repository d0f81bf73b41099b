import { testCredential } from "../../../../src/payment/testing.ts"
import { helloBody } from "../../../support/gateway.ts"
import { protocol, type Row } from "./row.ts"

/** Errors of the request, the settings and the path. */
export const requestRows: ReadonlyArray<Row> = [
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
    message: { limit_bytes: 512_000 }
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
    when: "a setting is missing",
    parts: { settings: { TEMPO_RECIPIENT: "nobody" } },
    call: ({ post }) => post(),
    status: 503,
    code: "not_configured",
    charged: false,
    message: { missing: ["MPP_SECRET_KEY", "REALM", "TEMPO_RECIPIENT", "CONTROL_PLANE_TOKEN"] }
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
