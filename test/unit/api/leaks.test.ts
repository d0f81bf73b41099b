import * as Exit from "effect/Exit"
import { assert, describe, it } from "vitest"
import { CodeRejected, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { helloBody, makeGateway, testSettings } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const secretsOfSettings = ["MPP_SECRET_KEY", "CONTROL_PLANE_TOKEN"].map((name) => testSettings[name] ?? "")

/** Collects every trace of a request: log lines, spans and answers. */
const traces = async ({ logs, spans }: Gateway, answers: ReadonlyArray<Response>) => {
  const carried = spans.map(({ name, attributes, events, status }) => ({
    name,
    attributes: [...attributes],
    events,
    // A span exports the error that it fails with, but not the value that it succeeds with.
    failure: status._tag === "Ended" && Exit.isFailure(status.exit) ? String(status.exit) : null
  }))
  const json = (value: unknown) =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part))
  return { logs: json(logs), spans: json(carried), answers: (await Promise.all(answers.map((it) => it.text()))).join() }
}

const flows: Record<string, (gateway: Gateway) => void> = {
  "that goes live": () => {},
  "that cannot be paid": ({ payments }) => void payments.broke.add("0xpayer"),
  "that the chain reverts": ({ payments }) => void payments.captures.push("reverted"),
  "of which the chain has not said": ({ payments }) => void payments.captures.push("stuck"),
  "while the chain is down": ({ payments }) => void (payments.down = true),
  "while the host is down": ({ host }) =>
    void host.next("create", failsWith(new ControlPlaneUnavailable({ message: "down" }))),
  "that the host refuses": ({ host }) => void host.next("upload", failsWith(new CodeRejected({ message: "no" })))
}

describe("log lines, spans and answers contain no secret", () => {
  for (const [what, arrange] of Object.entries(flows)) {
    it(`of a deploy ${what}`, async () => {
      const gateway = makeGateway()
      const headers = { "idempotency-key": "a key of the client's own" }
      const credential = testCredential(await gateway.challengeFor(helloBody, headers), "0xpayer")
      arrange(gateway)
      const answer = await gateway.post(helloBody, { ...headers, authorization: credential })
      const again = await gateway.post(helloBody, { authorization: credential })
      const receipt = answer.headers.get("payment-receipt")
      const secrets = [credential, credential.slice("Payment ".length), ...secretsOfSettings]
      if (receipt !== null) secrets.push(receipt)
      const { logs, spans, answers } = await traces(gateway, [answer, again])
      assert.isAbove(gateway.spans.length, 3, "there are spans to look at")
      assert.isAbove(gateway.logs.length, 0, "there are log lines to look at")
      for (const secret of secrets) {
        for (const [where, text] of Object.entries({ logs, spans, answers })) {
          assert.isFalse(text.includes(secret), `${where} carry ${secret.slice(0, 20)}…`)
        }
      }
      // Only the client itself gets its key in an answer.
      assert.notInclude(logs + spans, headers["idempotency-key"])
    })
  }
})
