import { describe } from '../../values/describe.js'

/** A growing buffer for writing Hadoop's types. */
export class WritableBytes {
  #bytes = Buffer.allocUnsafe(64 * 1024)
  length = 0

  /** Returns the written bytes; valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  reset(): void {
    this.length = 0
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  int(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeInt32BE(value, this.length)
  }

  long(value: bigint): void {
    this.#room(8)
    this.length = this.#bytes.writeBigInt64BE(value, this.length)
  }

  float(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeFloatBE(value, this.length)
  }

  double(value: number): void {
    this.#room(8)
    this.length = this.#bytes.writeDoubleBE(value, this.length)
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Writes a whole number in one to nine bytes, as Hadoop's WritableUtils.writeVLong does. */
  vlong(value: bigint): void {
    if (value >= -112n && value <= 127n) {
      this.byte(Number(BigInt.asUintN(8, value)))
      return
    }
    const positive = value >= 0n
    const rest = positive ? value : ~value
    let size = 1
    while (rest >> BigInt(8 * size) > 0n) size++
    this.byte(((positive ? -112 : -120) - size) & 0xff)
    for (let i = size - 1; i >= 0; i--) this.byte(Number((rest >> BigInt(8 * i)) & 0xffn))
  }

  vint(value: number): void {
    if (value >= -112 && value <= 127) this.byte(value & 0xff)
    else this.vlong(BigInt(value))
  }

  text(value: string): void {
    const bytes = Buffer.from(value)
    this.vint(bytes.length)
    this.raw(bytes)
  }

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + more))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/** Thrown if the bytes are impossible. */
export class Malformed extends Error {}

/** Thrown if the bytes end before the value does. */
export class Truncated extends Malformed {}

/** Reads Hadoop's types from bytes, one after the other. */
export class WritableCursor {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  byte(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  float(): number {
    return this.#bytes.readFloatBE(this.#take(4))
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  raw(length: number): Buffer {
    if (length < 0) throw new Malformed(`a length of ${length} bytes`)
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  vlong(): bigint {
    const first = this.byte()
    if (first >= -112) return BigInt(first)
    const negative = first < -120
    const size = negative ? -120 - first : -112 - first
    let value = 0n
    for (const byte of this.raw(size)) value = (value << 8n) | BigInt(byte)
    return BigInt.asIntN(64, negative ? ~value : value)
  }

  vint(): number {
    const first = this.byte()
    if (first >= -112) return first
    this.at--
    const value = this.vlong()
    if (value < -0x80000000n || value > 0x7fffffffn) throw new Malformed(`the number ${value} where an int is`)
    return Number(value)
  }

  text(): string {
    return this.raw(this.vint()).toString()
  }

  #take(length: number): number {
    const start = this.at
    if (start + length > this.#bytes.length) throw new Truncated('the data ends inside it')
    this.at = start + length
    return start
  }
}

/** A class of Hadoop, and the JavaScript values that correspond to its instances. */
export interface Writable {
  /** A description of the values that `write` accepts, for errors. */
  readonly takes: string
  read(cursor: WritableCursor, longs: 'number' | 'bigint'): unknown
  /** Writes a value; returns false if the value is of another type. */
  write(bytes: WritableBytes, value: unknown): boolean
}

const PACKAGE = 'org.apache.hadoop.io.'

const isInt = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) === ((value as number) | 0)

/** Returns a whole number of 64 bits as a bigint; undefined for anything else. */
function asLong(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}

function long(value: bigint, longs: 'number' | 'bigint'): number | bigint {
  if (longs === 'bigint') return value
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new Malformed(`the number ${value}, which needs the option longs: 'bigint'`)
}

function writeLong(value: unknown, write: (long: bigint) => void): boolean {
  const whole = asLong(value)
  if (whole !== undefined) write(whole)
  return whole !== undefined
}

function written<T>(fits: boolean, value: T, write: (value: T) => void): boolean {
  if (fits) write(value)
  return fits
}

const LONG = `a whole number or a bigint of 64 bits`

/** Names of classes, without their package. */
export type WritableName =
  | 'Text'
  | 'BytesWritable'
  | 'LongWritable'
  | 'VLongWritable'
  | 'IntWritable'
  | 'VIntWritable'
  | 'DoubleWritable'
  | 'FloatWritable'
  | 'BooleanWritable'
  | 'NullWritable'

export const WRITABLES: Readonly<Record<WritableName, Writable>> = {
  Text: {
    takes: 'a text',
    read: (cursor) => cursor.text(),
    write: (bytes, value) => written(typeof value === 'string', value as string, (text) => bytes.text(text)),
  },
  BytesWritable: {
    takes: 'a Uint8Array',
    read: (cursor) => new Uint8Array(cursor.raw(cursor.int())),
    write: (bytes, value) =>
      written(value instanceof Uint8Array, value as Uint8Array, (raw) => {
        bytes.int(raw.length)
        bytes.raw(raw)
      }),
  },
  LongWritable: {
    takes: LONG,
    read: (cursor, longs) => long(cursor.long(), longs),
    write: (bytes, value) => writeLong(value, (whole) => bytes.long(whole)),
  },
  VLongWritable: {
    takes: LONG,
    read: (cursor, longs) => long(cursor.vlong(), longs),
    write: (bytes, value) => writeLong(value, (whole) => bytes.vlong(whole)),
  },
  IntWritable: {
    takes: 'a whole number of 32 bits',
    read: (cursor) => cursor.int(),
    write: (bytes, value) => written(isInt(value), value as number, (int) => bytes.int(int)),
  },
  VIntWritable: {
    takes: 'a whole number of 32 bits',
    read: (cursor) => cursor.vint(),
    write: (bytes, value) => written(isInt(value), value as number, (int) => bytes.vint(int)),
  },
  DoubleWritable: {
    takes: 'a number',
    read: (cursor) => cursor.double(),
    write: (bytes, value) => written(typeof value === 'number', value as number, (number) => bytes.double(number)),
  },
  FloatWritable: {
    takes: 'a number',
    read: (cursor) => cursor.float(),
    write: (bytes, value) => written(typeof value === 'number', value as number, (number) => bytes.float(number)),
  },
  BooleanWritable: {
    takes: 'a boolean',
    read: (cursor) => cursor.byte() !== 0,
    write: (bytes, value) => written(typeof value === 'boolean', value, (flag) => bytes.byte(flag ? 1 : 0)),
  },
  NullWritable: {
    takes: 'null',
    read: () => null,
    write: (_bytes, value) => value === null || value === undefined,
  },
}

export const WRITABLE_NAMES = Object.keys(WRITABLES) as readonly WritableName[]

/** Returns the full name of a class, as it is written in files. */
export function classNameOf(name: WritableName): string {
  return PACKAGE + name
}

/** Returns the class that a file names; undefined if it is not supported. */
export function writableOf(className: string): Writable | undefined {
  const name = className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : ''
  return Object.hasOwn(WRITABLES, name) ? WRITABLES[name as WritableName] : undefined
}

/** Returns the class for a value. Throws TypeError if there is none. */
export function writableFor(value: unknown): WritableName {
  if (typeof value === 'string') return 'Text'
  if (typeof value === 'bigint') return 'LongWritable'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'LongWritable' : 'DoubleWritable'
  if (typeof value === 'boolean') return 'BooleanWritable'
  if (value instanceof Uint8Array) return 'BytesWritable'
  if (value === null || value === undefined) return 'NullWritable'
  throw new TypeError(`${describe(value)} has no form in a SequenceFile; map it to a text, a number, bytes or null`)
}
