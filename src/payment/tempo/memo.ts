import { type Hex, keccak256, stringToHex } from "viem"

/**
 * The memo by which a transfer names the challenge that it pays (mppx, "MPP attribution memo"), 32 bytes:
 *
 * | bytes  | what                                                     |
 * |--------|----------------------------------------------------------|
 * | 0..3   | keccak256("mpp")                                         |
 * | 4      | version, 0x01                                            |
 * | 5..14  | keccak256 of the challenge's realm                       |
 * | 15..24 | keccak256 of the client's name, or zeros: anybody's      |
 * | 25..31 | keccak256 of the challenge's id                          |
 */
const client = { start: 15, end: 25 }
const version = "01"

const fingerprint = (value: string, bytes: number) => keccak256(stringToHex(value)).slice(2, 2 + bytes * 2)

/** Whether a memo names this challenge. Without that, any transfer that its payer ever signed would do. */
export const namesChallenge = (memo: Hex, challenge: { readonly id: string; readonly realm: string }): boolean => {
  const bytes = memo.toLowerCase().slice(2)
  return (
    bytes.length === 64 &&
    bytes.slice(0, client.start * 2) === fingerprint("mpp", 4) + version + fingerprint(challenge.realm, 10) &&
    bytes.slice(client.end * 2) === fingerprint(challenge.id, 7)
  )
}
