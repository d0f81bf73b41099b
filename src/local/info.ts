import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** `stack.json` says this; addresses are URLs without a trailing slash. */
export interface StackInfo {
  readonly gateway: string
  /** Sites answer at this address with `{user}-{slug}.` before its host name. */
  readonly sites: string
  readonly rpc: string
  readonly chainId: number
  /** The token that is charged, and who receives it: addresses. */
  readonly currency: string
  readonly recipient: string
  /** A key whose account holds plenty of the currency on the local chain. */
  readonly payerPrivateKey: string
  readonly controlPlane: string
  readonly controlPlaneToken: string
}

/** Writes `stack.json`, which holds keys: for its owner's eyes. */
export const writeInfo = (dir: string, info: StackInfo): void =>
  writeFileSync(join(dir, "stack.json"), `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 })

/** Takes it away: nobody is to trust the addresses of a stack that is gone. */
export const removeInfo = (dir: string): void => rmSync(join(dir, "stack.json"), { force: true })
