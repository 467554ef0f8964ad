/** Numbers of objects whose contents others may change: they are the same only as themselves. */
const identities = new WeakMap<object, number>()
let nextIdentity = 0

/**
 * A text that differs where two values differ. JSON makes null of NaN and Infinity, 0 of -0, a text of a Date, {} of every
 * Map and nothing of undefined, and refuses a BigInt. Takes plain data: what structured cloning keeps. Texts and names
 * have their length before them, which costs less than to quote them.
 */
export function exactText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${value.length}:${value}`
    case 'number':
      return Object.is(value, -0) ? '-0' : `${value}`
    case 'bigint':
      return `${value}n`
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return listText(value)
      return Object.getPrototypeOf(value) === Object.prototype ? fieldsText(value) : objectText(value)
    default:
      return String(value)
  }
}

function listText(values: Iterable<unknown>): string {
  let text = '['
  for (const value of values) text += `${exactText(value)},`
  return `${text}]`
}

function fieldsText(value: object): string {
  let text = '{'
  for (const name in value) text += `${name.length}:${name}=${exactText((value as Record<string, unknown>)[name])},`
  return `${text}}`
}

function objectText(value: object): string {
  const tag = Object.prototype.toString.call(value)
  if (tag === '[object Object]') return fieldsText(value)
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof RegExp) return `RegExp(${value.lastIndex},${value})`
  if (value instanceof Map) return `Map${listText(value)}`
  if (value instanceof Set) return `Set${listText(value)}`
  if (value instanceof ArrayBuffer) return `Bytes(${Buffer.from(value).toString('base64')})`
  if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) {
    return `${tag}(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')})`
  }
  const primitive: unknown = value.valueOf()
  if (primitive !== value) return `${tag}(${exactText(primitive)})`
  let identity = identities.get(value)
  if (identity === undefined) identities.set(value, (identity = nextIdentity++))
  return `${tag}#${identity}`
}
