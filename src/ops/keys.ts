/**
 * Keys of pairs: what makes two keys equal, and where a key belongs.
 *
 * Numbers, strings, booleans, bigints, null and undefined are equal as in a Map. Arrays, plain objects and dates are
 * equal when their contents are. The hash is part of the meaning (it decides partitions): it must not change between
 * threads, runs or versions, which test/ops/keys.test.ts pins.
 */

/** A text that is the same for equal composite keys. */
export function canonical(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key)
  if (typeof key === 'bigint') return `${key}n`
  if (typeof key !== 'object' || key === null) return Object.is(key, -0) ? '0' : String(key)
  if (Array.isArray(key)) return `[${key.map(canonical).join(',')}]`
  if (key instanceof Date) return `Date(${key.getTime()})`
  if (key instanceof Map) return `Map(${[...key].map(canonical).join(',')})`
  if (key instanceof Set) return `Set(${[...key].map(canonical).join(',')})`
  if (ArrayBuffer.isView(key))
    return `Bytes(${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex')})`
  const fields = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`
}

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** An unsigned 32-bit hash, equal for equal keys. */
export function hashKey(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return hashText(key)
    case 'number':
      if ((key | 0) === key) return mix(key)
      // The bits of a NaN depend on where it came from: 0 / 0 has another sign than the constant.
      float[0] = Number.isNaN(key) ? 0.5 : key
      return mix(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1))
    case 'boolean':
      return key ? mix(1231) : mix(1237)
    case 'bigint':
      return hashText(`${key}n`)
    case 'object':
      return key === null ? 0 : hashText(canonical(key))
    default:
      return 0
  }
}

/** A Map whose composite keys are compared by content. Iterates primitive keys first, each kind in order of insertion. */
export class KeyedMap<V> {
  /** Entries with primitive keys: the hot paths work on it directly. */
  readonly plain = new Map<unknown, V>()
  #composite: Map<string, [unknown, V]> | undefined

  get size(): number {
    return this.plain.size + (this.#composite?.size ?? 0)
  }

  get(key: unknown): V | undefined {
    if (typeof key !== 'object' || key === null) return this.plain.get(key)
    return this.#composite?.get(canonical(key))?.[1]
  }

  has(key: unknown): boolean {
    if (typeof key !== 'object' || key === null) return this.plain.has(key)
    return this.#composite?.has(canonical(key)) ?? false
  }

  set(key: unknown, value: V): void {
    if (typeof key !== 'object' || key === null) {
      this.plain.set(key, value)
      return
    }
    this.#composite ??= new Map()
    const text = canonical(key)
    const entry = this.#composite.get(text)
    if (entry) entry[1] = value
    else this.#composite.set(text, [key, value])
  }

  delete(key: unknown): boolean {
    if (typeof key !== 'object' || key === null) return this.plain.delete(key)
    return this.#composite?.delete(canonical(key)) ?? false
  }

  /** The entries as an iterable of pairs, without copying where all keys are primitive. */
  entries(): Iterable<[unknown, V]> {
    if (!this.#composite?.size) return this.plain
    return this.#both(this.#composite)
  }

  values(): Iterable<V> {
    if (!this.#composite?.size) return this.plain.values()
    return this.#valuesOfBoth(this.#composite)
  }

  *#valuesOfBoth(composite: Map<string, [unknown, V]>): Iterable<V> {
    yield* this.plain.values()
    for (const [, value] of composite.values()) yield value
  }

  *#both(composite: Map<string, [unknown, V]>): Iterable<[unknown, V]> {
    yield* this.plain
    for (const [key, value] of composite.values()) yield [key, value]
  }
}
