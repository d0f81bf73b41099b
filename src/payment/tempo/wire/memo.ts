import { type Hex, keccak256, stringToHex } from "viem"

/**
 * A transfer names the challenge that it pays in a memo of 32 bytes (mppx, "MPP attribution memo"):
 *
 * | bytes  | content                                                  |
 * |--------|----------------------------------------------------------|
 * | 0..3   | keccak256("mpp")                                         |
 * | 4      | version, 0x01                                            |
 * | 5..14  | keccak256 of the challenge's realm                       |
 * | 15..24 | keccak256 of the client's name, or zeros for any client  |
 * | 25..31 | keccak256 of the challenge's id                          |
 */
const CLIENT = { start: 15, end: 25 }
const VERSION = "01"

const fingerprint = (value: string, bytes: number) => keccak256(stringToHex(value)).slice(2, 2 + bytes * 2)

/** Whether a memo names this challenge. Without this check, every earlier transfer of the payer would count as payment. */
export const namesChallenge = (memo: Hex, challenge: { readonly id: string; readonly realm: string }): boolean => {
  const bytes = memo.toLowerCase().slice(2)
  return (
    bytes.length === 64 &&
    bytes.slice(0, CLIENT.start * 2) === fingerprint("mpp", 4) + VERSION + fingerprint(challenge.realm, 10) &&
    bytes.slice(CLIENT.end * 2) === fingerprint(challenge.id, 7)
  )
}
