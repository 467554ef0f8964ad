import type { JsonField } from './byte-fields.js'
import type { Condition, Part, PartTest } from './condition.js'

/** The layout of a node: assembly/conditions.ts. */
const NODE = 48
const BYTES = 4096
const KINDS = { and: 0, or: 1, not: 2, text: 3, literal: 4, number: 5, length: 6 }
const PARTS = { line: 0, field: 1, json: 2 }
const TESTS = { startsWith: 0, endsWith: 1, equals: 2, includes: 3 }
const COMPARISONS = { '<': 0, '<=': 1, '>': 2, '>=': 3, '===': 4 }
/** The kernels read as many fields of JSON in one pass. */
const MAX_JSON = 2

/** A condition as the kernels read it. */
export interface ConditionProgram {
  readonly condition: Condition
  /** The fields of JSON that it reads. */
  readonly json: readonly JsonField[]
  /** Writes it for kernels that have it at an address. */
  write(to: Buffer, at: number): void
}

/** Returns the program of a condition; undefined if it is too long, or reads too many fields of JSON. */
export function programOf(condition: Condition): ConditionProgram | undefined {
  const json: JsonField[] = []
  const tests: Condition[] = []
  note(condition, tests, json)
  const texts = tests.reduce((total, of) => total + ('text' in of ? of.text.length : 0), 0)
  if (json.length > MAX_JSON || tests.length * NODE + texts > BYTES) return undefined
  return { condition, json, write: (to, at) => new Writer(to, at, tests.length, json).write(condition) }
}

/** Collects the nodes of a condition, and the fields of JSON that they read. */
function note(condition: Condition, nodes: Condition[], json: JsonField[]): void {
  nodes.push(condition)
  if (!('part' in condition)) {
    for (const of of condition.kind === 'not' ? [condition.of] : condition.of) note(of, nodes, json)
  } else if (condition.part.kind === 'json' && slotOf(condition.part.field, json) < 0) json.push(condition.part.field)
}

function slotOf(field: JsonField, json: readonly JsonField[]): number {
  const path = (of: JsonField) => of.names.map((name) => name.toString()).join('\n')
  return json.findIndex((other) => path(other) === path(field))
}

class Writer {
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

  /** Writes a node and those below it, and returns its number. */
  write(condition: Condition): number {
    const number = this.#nodes++
    const at = this.#at + number * NODE
    this.#to.fill(0, at, at + NODE)
    this.#word(at, KINDS[condition.kind])
    if ('part' in condition) this.#test(at, condition)
    else if (condition.kind === 'not') this.#word(at + 4, this.write(condition.of))
    else {
      this.#word(at + 4, this.write(condition.of[0]))
      this.#word(at + 8, this.write(condition.of[1]))
    }
    return number
  }

  #test(at: number, condition: PartTest): void {
    this.#part(at, condition.part)
    if ('than' in condition) {
      this.#word(at + 12, COMPARISONS[condition.by])
      this.#to.writeDoubleLE(condition.than, at + 32)
      return
    }
    this.#word(at + 12, condition.kind === 'literal' ? TESTS.equals : TESTS[condition.test])
    this.#word(at + 16, this.#texts)
    this.#word(at + 20, condition.text.length)
    this.#to.set(condition.text, this.#texts)
    this.#texts += condition.text.length
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
