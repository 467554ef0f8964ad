import type { JsonField } from './byte-fields.js'
import type { Condition } from './condition.js'
import type { LineKey, LinePiece } from './line-key.js'
import type { LineNumber } from './line-number.js'
import type { Part } from './line-part.js'

/** A node of a program: a condition, a number or a key of lines, or a part of one. */
export type ProgramNode = Condition | LineNumber | LineKey | LinePiece | { readonly kind: 'none' }

/** The layout of a node: assembly/nodes.ts. */
const NODE = 48
const BYTES = 4096
/** The kernels read as many fields of JSON in one pass. */
const MAX_JSON = 4

const KINDS = {
  ...{ and: 0, or: 1, not: 2, text: 3, literal: 4, number: 5, lengthTest: 6, compared: 7, certain: 8, present: 9 },
  ...{ constant: 16, converted: 17, length: 18, negative: 19, none: 32, part: 33, joined: 34, fixed: 35 },
  ...{ '+': 20, '-': 20, '*': 20, '/': 20, '%': 20, floor: 21, ceil: 21, trunc: 21, round: 21, abs: 21 },
}
const HOW: Readonly<Record<string, number>> = {
  ...{ startsWith: 0, endsWith: 1, equals: 2, includes: 3 },
  ...{ '<': 0, '<=': 1, '>': 2, '>=': 3, '===': 4 },
  ...{ '+': 0, '-': 1, '*': 2, '/': 3, '%': 4, floor: 1, ceil: 2, trunc: 3, round: 4, abs: 5 },
}
const PARTS = { line: 0, field: 1, json: 2 }

/** A program as the kernels read it. */
export interface LineProgram {
  /** The fields of JSON that it reads. */
  readonly json: readonly JsonField[]
  /** Whether it needs valid UTF-8, because it counts or joins characters. */
  readonly wellFormed: boolean
  /** Writes it for kernels that have it at an address. */
  write(to: Buffer, at: number): void
}

/** Returns a program with these roots; undefined if it is too long, or reads too many fields of JSON. */
export function programOf(...roots: readonly ProgramNode[]): LineProgram | undefined {
  const nodes: ProgramNode[] = []
  for (const root of roots) note(root, nodes)
  const json: JsonField[] = []
  for (const node of nodes) {
    if ('part' in node && node.part.kind === 'json' && slotOf(node.part.field, json) < 0) json.push(node.part.field)
  }
  const texts = nodes.reduce((total, node) => total + ('text' in node ? node.text.length : 0), 0)
  if (json.length > MAX_JSON || nodes.length * NODE + texts > BYTES) return undefined
  return {
    json,
    wellFormed: nodes.some(({ kind }) => kind === 'length' || kind === 'lengthTest' || kind === 'joined'),
    write: (to, at) => new ProgramWriter(to, at, nodes.length, json).roots(roots),
  }
}

function note(node: ProgramNode, nodes: ProgramNode[]): void {
  nodes.push(node)
  for (const below of belowOf(node)) note(below, nodes)
}

function belowOf(node: ProgramNode): readonly ProgramNode[] {
  return 'of' in node ? node.of : []
}

function slotOf(field: JsonField, json: readonly JsonField[]): number {
  const path = (of: JsonField) => of.names.map((name) => name.toString()).join('\n')
  return json.findIndex((other) => path(other) === path(field))
}

class ProgramWriter {
  readonly #to: Buffer
  readonly #at: number
  readonly #json: readonly JsonField[]
  #nodes = 0
  #texts: number

  constructor(to: Buffer, at: number, nodes: number, json: readonly JsonField[]) {
    this.#to = to
    this.#at = at
    this.#json = json
    this.#texts = at + nodes * NODE
  }

  /** Writes roots as the first nodes. */
  roots(roots: readonly ProgramNode[]): void {
    this.#nodes = roots.length
    roots.forEach((root, number) => {
      this.#node(root, number)
    })
  }

  /** Writes a node and those below it, and returns its number. */
  #write(node: ProgramNode): number {
    const number = this.#nodes++
    this.#node(node, number)
    return number
  }

  #node(node: ProgramNode, number: number): void {
    const at = this.#at + number * NODE
    this.#to.fill(0, at, at + NODE)
    this.#word(at, KINDS[node.kind])
    this.#word(at + 12, howOf(node))
    if ('part' in node) this.#part(at, node.part)
    if ('text' in node) this.#text(at, node.text)
    if ('than' in node) this.#to.writeDoubleLE(node.than, at + 32)
    if (node.kind === 'constant') this.#to.writeDoubleLE(node.value, at + 32)
    if (node.kind === 'joined') this.#list(at, node.of)
    else belowOf(node).forEach((below, i) => this.#word(at + 4 + i * 4, this.#write(below)))
  }

  /** Writes the nodes of a list: each has the number of the next one. */
  #list(at: number, nodes: readonly ProgramNode[]): void {
    let link = at + 4
    for (const node of nodes) {
      const number = this.#write(node)
      this.#word(link, number)
      link = this.#at + number * NODE + 40
    }
  }

  #text(at: number, text: Buffer): void {
    this.#word(at + 16, this.#texts)
    this.#word(at + 20, text.length)
    this.#to.set(text, this.#texts)
    this.#texts += text.length
  }

  #part(at: number, part: Part): void {
    this.#word(at + 4, PARTS[part.kind])
    if (part.kind === 'field') {
      this.#word(at + 8, part.index)
      this.#word(at + 24, part.separator)
    } else if (part.kind === 'json') {
      this.#word(at + 8, slotOf(part.field, this.#json))
      this.#word(at + 28, part.field.names.length > 1 ? 1 : 0)
    }
  }

  #word(at: number, value: number): void {
    this.#to.writeUInt32LE(value, at)
  }
}

function howOf(node: ProgramNode): number {
  if ('test' in node) return HOW[node.test]!
  if ('by' in node) return HOW[node.by]!
  return node.kind === 'literal' ? HOW.equals! : (HOW[node.kind] ?? 0)
}
