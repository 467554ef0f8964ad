/** Identity numbers of objects that other code may change: such an object equals only itself. */
const identities = new WeakMap<object, number>()
let nextIdentity = 0

/**
 * Returns a text that differs if two values differ. JSON is too coarse: it writes NaN and Infinity as null, -0 as 0, a
 * Date as a text, every Map as {}, drops undefined and refuses a BigInt. Takes the plain data that structured cloning
 * takes. Texts and names are preceded by their length, which costs less than quoting them.
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
