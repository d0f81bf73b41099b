type Json = Record<string, unknown>

const header = (name: string, description: string, example: string): Json => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" },
  example
})

const responseHeader = (description: string): Json => ({ description, schema: { type: "string" } })

/** Headers that several operations share. */
export const SHARED = {
  parameters: {
    DeploymentId: {
      name: "deployment_id",
      in: "path",
      required: true,
      description: "Id of the deployment, dep_…",
      schema: { type: "string" }
    },
    IdempotencyKey: header(
      "Idempotency-Key",
      "1 to 255 printable ASCII characters. The same body with the same key is one order: repeating it is free.",
      "8e03978e-40d5-43e8-bc93-6894a57f9324"
    ),
    AcceptPayment: header(
      "Accept-Payment",
      "The client's payment methods. There is one here, and it is always offered.",
      "tempo/charge"
    )
  },
  headers: {
    PaymentReceipt: responseHeader("base64url of JSON: status, method, timestamp, reference, currency."),
    IdempotentReplayed: responseHeader("true for an answer that is given again."),
    RetryAfter: responseHeader("Seconds to wait."),
    Challenge: responseHeader("The challenge: Payment id=…, method, intent, request, expires.")
  }
}

/** The cursor of a list. */
export const BEFORE = { ...header("before", "The next of the page before.", "1774558797000-dep_…"), in: "query" }
