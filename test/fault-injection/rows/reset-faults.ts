import { request } from "node:http"
import { intercept } from "../intercept.ts"
import { each, expect, type Fault, type Harness, type Run } from "../fault.ts"

/** Sends a paid call over a socket of its own. Resolves once all of it was sent. `hangUp` resets the connection. */
const sendPaid = async (harness: Harness, run: Run) => {
  const { url } = await harness.bare()
  const challenge = await run.agent.post(run.body, { "idempotency-key": run.key }, url)
  const authorization = await run.agent.sign(challenge)
  let answered = false
  const call = request(`${url}/deploy`, {
    method: "POST",
    agent: false,
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(run.body),
      "idempotency-key": run.key,
      authorization
    }
  })
  call.on("response", (response) => {
    answered = true
    response.resume()
  })
  call.on("error", () => {})
  await new Promise<void>((resolve) => call.end(run.body, resolve))
  return {
    hangUp: () => {
      run.injected = !answered
      call.socket?.resetAndDestroy()
    }
  }
}

/** The same call must succeed when it is repeated, at the price of one. */
const comeBack = async (harness: Harness, run: Run) => {
  const { url } = await harness.bare()
  await run.agent.callUntilDone(run.body, run.key, url)
  expect(run, run.agent.answers.at(-1)?.status === 200, "not live in the end")
}

/** Faults of clients that disconnect. */
export const resetFaults: ReadonlyArray<Fault> = [
  {
    name: "client reset right after sending the credential",
    runs: 10,
    attack: each(async (harness, run) => {
      const { hangUp } = await sendPaid(harness, run)
      hangUp()
      await comeBack(harness, run)
    }, 2)
  },
  {
    name: "client reset during the build",
    runs: 10,
    attack: each(async (harness, run) => {
      let building = () => {}
      const built = new Promise<void>((resolve) => (building = resolve))
      intercept(harness, "simulate", [run], async (_, forward) => {
        const answer = await forward()
        // The build follows the simulation.
        setTimeout(building, 5)
        return answer
      })
      const { hangUp } = await sendPaid(harness, run)
      await built
      hangUp()
      await comeBack(harness, run)
    }, 2)
  }
]
