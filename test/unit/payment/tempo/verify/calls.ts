import type { Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account } from "viem/tempo"

/** An account that is not the payer's. */
export const other = Account.fromSecp256k1(generatePrivateKey())

export interface Call {
  readonly to: Hex
  readonly data: Hex
}

export const word = (value: string) => value.padStart(64, "0")
/** Writes the words of `transferWithMemo(address to, uint256 amount, bytes32 memo)`, some of them replaced. */
export const transfer = ({ to, data }: Call, words: { to?: string; amount?: string; memo?: string } = {}): Call => ({
  to,
  data: `${data.slice(0, 10)}${words.to ?? data.slice(10, 74)}${words.amount ?? data.slice(74, 138)}${words.memo ?? data.slice(138)}` as Hex
})
export const approve: Call = { to: "0x20c0000000000000000000000000000000000001", data: "0x095ea7b3" }
export const swap: Call = { to: "0xdec0000000000000000000000000000000000000", data: "0xf0122b75" }

export const wrongCalls: Record<string, (payment: Call) => ReadonlyArray<Call>> = {
  "pays less than the price": (payment) => [transfer(payment, { amount: word("1") })],
  "pays more than the price": (payment) => [transfer(payment, { amount: word("186a1") })],
  "pays somebody else": (payment) => [transfer(payment, { to: word(other.address.slice(2).toLowerCase()) })],
  "pays in another currency": (payment) => [
    { ...payment, to: payment.to === approve.to ? "0x20c0000000000000000000000000000000000000" : approve.to }
  ],
  "pays without a memo": ({ to, data }) => [{ to, data: `0xa9059cbb${data.slice(10, 138)}` }],
  "pays with a memo of its own": (payment) => [transfer(payment, { memo: "11".repeat(32) })],
  "pays with a memo that is too long": (payment) => [transfer(payment, { memo: `${payment.data.slice(138)}00` })],
  "names the challenge and another realm in its memo": (payment) => [
    transfer(payment, { memo: `${payment.data.slice(138, 148)}${"0".repeat(20)}${payment.data.slice(168)}` })
  ],
  "does something after paying": (payment) => [payment, approve],
  "does something before paying": (payment) => [approve, payment],
  "pays twice": (payment) => [payment, payment],
  "does nothing": () => [{ to: approve.to, data: "0x" }]
}
