import { serialize } from 'node:v8'
import { broadcastsIn } from '../engine/scheduler/broadcasts-in.js'
import { exactText } from '../ops/functions/meaning/exact-text.js'
import type { Program } from '../ops/plan.js'
import { ByteWriter } from '../pool/blocks/byte-writer.js'
import { encodeRecords } from '../pool/blocks/records-codec.js'
import type { Gateway } from './gateway.js'

/** Programs that the gateway keeps. An RDD has those that it uses, so only the description of further RDDs needs them. */
const MOST = 1024

export interface NumberedProgram {
  readonly number: number
  readonly broadcasts: readonly number[]
}

/** The values of broadcast variables. Throws StateError for one that was destroyed. */
export interface BroadcastSource {
  get(id: number, name?: string): unknown
}

/** The programs and broadcast variables that the gateway has. Equal programs have one number. */
export class Programs {
  readonly #gateway: Gateway
  readonly #values: BroadcastSource
  /** By text, in the order of their last use. */
  readonly #programs = new Map<string, NumberedProgram>()
  readonly #sent = new Set<number>()
  #next = 0

  constructor(gateway: Gateway, values: BroadcastSource) {
    this.#gateway = gateway
    this.#values = values
  }

  /** Sends the program and its broadcast variables, unless the gateway has them. Throws StateError if a variable was destroyed. */
  use(program: Program): NumberedProgram {
    const text = exactText(program)
    const variables = broadcastsIn(program)
    for (const [id, name] of variables) this.#send(id, this.#values.get(id, name))
    const known = this.#programs.get(text) ?? this.#add(program, [...variables.keys()])
    this.#programs.delete(text)
    this.#programs.set(text, known)
    if (this.#programs.size > MOST) this.#evict()
    return known
  }

  releaseBroadcast(id: number): void {
    if (this.#sent.delete(id)) this.#gateway.tell({ op: 'releaseBroadcast', id })
  }

  #send(id: number, value: unknown): void {
    if (this.#sent.has(id)) return
    this.#sent.add(id)
    const writer = new ByteWriter()
    encodeRecords(writer, [value])
    this.#gateway.tell({ op: 'broadcast', id }, writer.bytes())
  }

  #add(program: Program, broadcasts: readonly number[]): NumberedProgram {
    const number = this.#next++
    this.#gateway.tell({ op: 'program', id: number }, serialize(program))
    return { number, broadcasts }
  }

  #evict(): void {
    const [text, { number }] = this.#programs.entries().next().value!
    this.#programs.delete(text)
    this.#gateway.tell({ op: 'forgetProgram', id: number })
  }
}
