/** A position in the write-ahead log as PostgreSQL prints it: `16/B374D848`. */
const LSN = /^([\dA-F]{1,8})\/([\dA-F]{1,8})$/i

export function parseLsn(text: string): bigint {
  const [, high = '0', low = '0'] = LSN.exec(text) ?? []
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`
}

export function isLsn(value: unknown): value is string {
  return typeof value === 'string' && LSN.test(value)
}
