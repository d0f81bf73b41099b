import { request } from "node:http"
import { intercept } from "../catch.ts"
import { each, expect, type Fault, type Rig, type Run } from "../fault.ts"

/** A paid call over a socket of its own; resolves once all of it was sent. `hangUp` resets the connection. */
const sendPaid = async (rig: Rig, run: Run) => {
  const { url } = await rig.bare()
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

/** Whatever became of it: the same call again has to end well, at the price of one. */
const comeBack = async (rig: Rig, run: Run) => {
  const { url } = await rig.bare()
  await run.agent.insist(run.body, run.key, url)
  expect(run, run.agent.answers.at(-1)?.status === 200, "not live in the end")
}

/** Clients that hang up. */
export const resetFaults: ReadonlyArray<Fault> = [
  {
    name: "client reset right after sending the credential",
    runs: 10,
    attack: each(async (rig, run) => {
      const { hangUp } = await sendPaid(rig, run)
      hangUp()
      await comeBack(rig, run)
    }, 2)
  },
  {
    name: "client reset during the build",
    runs: 10,
    attack: each(async (rig, run) => {
      let building = () => {}
      const built = new Promise<void>((resolve) => (building = resolve))
      intercept(rig, "simulate", [run], async (_, forward) => {
        const answer = await forward()
        // What follows the simulation is the build.
        setTimeout(building, 5)
        return answer
      })
      const { hangUp } = await sendPaid(rig, run)
      await built
      hangUp()
      await comeBack(rig, run)
    }, 2)
  }
]
