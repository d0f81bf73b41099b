import { abortAllDurableObjects } from "cloudflare:test"
import { assert, describe, it, vi } from "vitest"
import { death, host, payments } from "../main.ts"
import { DAY, expiryOf, remove, renew, renewals, wakeRenewal } from "./renewals.ts"
import { deploy, reset } from "./support.ts"

describe("a renewal whose process dies", () => {
  /** Lets the process die at a point of a renewal, and starts it again. Returns whether there is such a point. */
  const dieAt = async (id: string, at: number): Promise<boolean> => {
    Object.assign(death, { at, points: 0, dead: false })
    const answer = renew(id).catch(() => undefined)
    const ended = answer.then(() => true)
    const pause = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(death.dead), 5))
    while (!(await Promise.race([ended, pause()])));
    // Steps after the answer count, too.
    await new Promise((resolve) => setTimeout(resolve, 30))
    const died = death.dead
    await abortAllDurableObjects()
    await answer
    Object.assign(death, { at: 0, points: 0, dead: false })
    return died
  }

  it("at any point leaves its deployment paid for and there, or neither", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    let charged = 0
    let at = 1
    for (; ; at++) {
      reset()
      const id = await deploy()
      const before = await expiryOf(id)
      if (!(await dieAt(id, at))) break
      const paid = payments.captured.size - 1
      charged += paid
      const recorded = (await expiryOf(id)) > before
      // A delete succeeds if nothing is being paid: before the hold, or once the renewal is recorded.
      if ((await remove(id)).status === 200) assert.isTrue(paid === 0 || recorded, `point ${at}: charged and gone`)
      else {
        if ((await renewals(id)).length > 0) {
          await wakeRenewal(id, ({ authorization }) => ({
            authorization: { ...authorization, validBefore: Math.floor(Date.now() / 1000) - 60 }
          }))
        }
        assert.strictEqual(await expiryOf(id), before + paid * DAY, `point ${at}: not the hours that were paid for`)
        assert.strictEqual(host.projects.size, 1, `point ${at}: gone`)
      }
      assert.isAtMost(payments.captured.size, 2, `point ${at}: charged twice`)
    }
    log.mockRestore()
    console.log(`a renewal has ${at - 1} points, ${charged} of them after the payment`)
    assert.isAbove(at, 12, "points")
    assert.isAbove(charged, 4, "points after the payment")
  }, 60_000)
})
