import type { Expression } from '../../ops/functions/meaning/expression.js'
import { type BuildRows, type Field, type Kind, rowBuilder } from './row-builder.js'

/** The kinds of values, and the end of a line: assembly/rows.ts. */
const KIND: Record<Kind, number> = { end: 0, int: 1, number: 2, text: 3, word: 4 }

const STEP_BYTES = 12
const MOST_SHAPES = 8
const MOST_NAMES = 64
/** A text that so many lines share is part of their shape. */
const LEAST_SAME = 4

const MEMBER = /\s*"([^"\\\t\r]*)"\s*:\s*/y
const VALUE = /"[^"\\\t\r]*"|-?\d+(?:\.\d+)?|true|false|null/y
const ASCII = /^[\x20-\x7e\t\r]*$/

/** A line of JSON, taken apart: `before[i]` precedes value i, and the last one follows the last value. */
interface Line {
  readonly names: readonly string[]
  readonly before: readonly string[]
  readonly values: readonly string[]
}

interface Step {
  readonly kind: Kind
  readonly bytes: Buffer
}

interface Shape {
  readonly fields: readonly Field[]
  readonly steps: readonly Step[]
}

/** Shapes of JSON objects, in the form that the kernels read, and a function that builds the objects from their values. */
export class RowShapes {
  readonly count: number
  /** Whether values are texts. */
  readonly haveTexts: boolean
  readonly build: BuildRows
  /** Builds no rows that filters certainly refuse. Undefined if they may pass all rows of each shape. */
  readonly buildKept: BuildRows | undefined
  readonly #steps: readonly (readonly Step[])[]

  private constructor(shapes: readonly Shape[], filters: readonly Expression[]) {
    this.count = shapes.length
    this.haveTexts = shapes.some(({ steps }) => steps.some(({ kind }) => kind === 'text'))
    const fields = shapes.map((shape) => shape.fields)
    this.build = rowBuilder(fields)!
    this.buildKept = filters.length > 0 ? rowBuilder(fields, filters) : undefined
    this.#steps = shapes.map(({ steps }) => steps)
  }

  /**
   * Returns the shapes of these lines, most frequent first; undefined if few lines are flat objects in ASCII. `filters`: those
   * of rows, one after the other.
   */
  static of(lines: readonly string[], room: number, filters: readonly Expression[] = []): RowShapes | undefined {
    const groups = new Map<string, Line[]>()
    let known = 0
    for (const text of lines) {
      const line = lineOf(text)
      if (!line) continue
      const key = JSON.stringify(line.before)
      const group = groups.get(key)
      if (group) group.push(line)
      else groups.set(key, [line])
      known++
    }
    if (known < lines.length / 2) return undefined
    const shapes: Shape[] = []
    let bytes = MOST_SHAPES * 4
    for (const group of [...groups.values()].sort((a, b) => b.length - a.length).slice(0, MOST_SHAPES)) {
      const shape = shapeOf(group)
      bytes += shape.steps.reduce((sum, step) => sum + STEP_BYTES + step.bytes.length, 0)
      if (bytes > room) break
      shapes.push(shape)
    }
    return shapes.length === 0 ? undefined : new RowShapes(shapes, filters)
  }

  /** Writes the shapes at an address of the kernels' memory. */
  write(memory: Buffer, at: number): void {
    let next = at + MOST_SHAPES * 4
    this.#steps.forEach((steps, i) => {
      memory.writeUInt32LE(next, at + i * 4)
      let text = next + steps.length * STEP_BYTES
      for (const { kind, bytes } of steps) {
        memory.writeUInt32LE(KIND[kind], next)
        memory.writeUInt32LE(text, next + 4)
        memory.writeUInt32LE(bytes.length, next + 8)
        memory.set(bytes, text)
        next += STEP_BYTES
        text += bytes.length
      }
      next = text
    })
  }
}

/** Takes a line apart, if it is an object of names and values without escapes, each name once. */
function lineOf(text: string): Line | undefined {
  const open = /^\s*\{/.exec(text)
  if (!open || !ASCII.test(text)) return undefined
  const names: string[] = []
  const before: string[] = []
  const values: string[] = []
  let from = 0
  let at = open[0].length
  for (;;) {
    MEMBER.lastIndex = at
    const member = MEMBER.exec(text)
    if (!member) return undefined
    VALUE.lastIndex = MEMBER.lastIndex
    const value = VALUE.exec(text)
    if (!value) return undefined
    names.push(member[1]!)
    before.push(text.slice(from, MEMBER.lastIndex))
    values.push(value[0])
    from = VALUE.lastIndex
    at = from + /^\s*/.exec(text.slice(from))![0].length
    if (text[at] !== ',') break
    at++
  }
  before.push(text.slice(from))
  if (!/^\s*\}\s*$/.test(before.at(-1)!)) return undefined
  const isPlain = names.length <= MOST_NAMES && new Set(names).size === names.length && !names.includes('__proto__')
  return isPlain ? { names, before, values } : undefined
}

/** Returns the shape of lines with the same names and the same bytes between their values. */
function shapeOf(group: readonly Line[]): Shape {
  const { names, before } = group[0]!
  const fields: Field[] = []
  const steps: Step[] = []
  let bytes = ''
  names.forEach((name, i) => {
    const values = group.map((line) => line.values[i]!)
    const is = isOf(values)
    fields.push({ name, is })
    bytes += before[i]
    if ('constant' in is) bytes += is.constant
    else {
      steps.push({ kind: is.kind, bytes: Buffer.from(bytes, 'latin1') })
      bytes = ''
    }
  })
  steps.push({ kind: 'end', bytes: Buffer.from(bytes + before.at(-1)!, 'latin1') })
  return { fields, steps }
}

function isOf(values: readonly string[]): Field['is'] {
  const [first] = values as [string]
  const isText = first.startsWith('"')
  const isWord = /^[tfn]/.test(first)
  if ((isText || isWord) && values.length >= LEAST_SAME && values.every((value) => value === first))
    return { constant: first }
  if (isText) return { kind: 'text' }
  if (isWord) return { kind: 'word' }
  return { kind: values.every((value) => String(Number(value) | 0) === value) ? 'int' : 'number' }
}
