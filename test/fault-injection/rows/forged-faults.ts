import { Credential } from "mppx"
import { type Hex } from "viem"
import { Account, Transaction } from "viem/tempo"
import { each, expect, type Fault, type Run } from "../fault.ts"

/** Answers the run's challenge, changes the transaction and signs it again with the same key. */
const resigned = async (run: Run, edit: object): Promise<string> => {
  const parts = Credential.deserialize<{ signature: Hex }>(
    await run.agent.sign(await run.agent.post(run.body, keyOf(run)))
  )
  const signed: object = Transaction.deserialize(parts.payload.signature as Transaction.TransactionSerializedTempo)
  const account = Account.fromSecp256k1(run.agent.privateKey)
  const signature = await account.signTransaction(
    { ...signed, signature: undefined, from: undefined, ...edit } as never,
    { serializer: Transaction.serialize as never }
  )
  return Credential.serialize({ ...parts, payload: { type: "transaction", signature } })
}

const keyOf = (run: Run) => ({ "idempotency-key": run.key })

/** The gateway must refuse such a payment as the payer's fault, and it must never land. */
const refused = (edit: object) =>
  each(async (_harness, run) => {
    const authorization = await resigned(run, edit)
    let response: Response | undefined
    for (let tries = 0; (response === undefined || response.status === 503) && tries < 60; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 500))
      response = await run.agent.post(run.body, { authorization, ...keyOf(run) })
    }
    run.injected = true
    const { charged, code } = run.agent.answers.at(-1) ?? {}
    expect(run, response?.status === 402 && charged === false, `answered ${response?.status} ${code}`)
    expect(run, response?.headers.get("www-authenticate") != null, "no fresh challenge")
  })

/** Credentials that no stock client makes. */
export const forgedFaults: ReadonlyArray<Fault> = [
  { name: "a transaction without validBefore", runs: 10, free: true, attack: refused({ validBefore: undefined }) },
  {
    name: "a transaction with a future nonce",
    runs: 10,
    free: true,
    attack: refused({ nonceKey: 0n, nonce: 7 })
  },
  {
    name: "a forged source",
    runs: 10,
    attack: each(async (harness, run) => {
      const victim = (await harness.chain.client.account).address
      const signed = await run.agent.sign(await run.agent.post(run.body, keyOf(run)))
      const parts = Credential.deserialize(signed)
      const authorization = Credential.serialize({ ...parts, source: `did:pkh:eip155:1337:${victim}` })
      run.injected = true
      const response = await run.agent.post(run.body, { authorization, ...keyOf(run) })
      expect(run, response.status === 200 || response.status === 503, `answered ${response.status}`)
      // The payer is the signer: the same wallet reads the same answer, although the first credential named another source.
      await run.agent.callUntilDone(run.body, run.key)
    }, 3)
  }
]
