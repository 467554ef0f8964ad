import type { Program } from '../ops/plan.js'

/** Programs by number. The same program gets the same number, so each thread is sent it once and compiles it once. */
export class ProgramTable {
  readonly #numbers = new Map<string, number>()
  readonly #programs: { readonly program: Program; readonly broadcasts: readonly number[] }[] = []
  readonly #sent = new Map<number, Set<number>>()

  number(program: Program): number {
    const text = JSON.stringify(program)
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.#programs.length
      this.#numbers.set(text, number)
      this.#programs.push({ program, broadcasts: broadcastsIn(text) })
    }
    return number
  }

  /** The program itself if `thread` has not seen it, which from now on it has. */
  define(thread: number, number: number): Program | undefined {
    let sent = this.#sent.get(thread)
    if (!sent) this.#sent.set(thread, (sent = new Set()))
    if (sent.has(number)) return undefined
    sent.add(number)
    return this.#programs[number]!.program
  }

  /** Broadcast variables that the program's functions read. */
  broadcasts(number: number): readonly number[] {
    return this.#programs[number]!.broadcasts
  }

  threadLost(thread: number): void {
    this.#sent.delete(thread)
  }
}

/** Environments of source-shipped functions name broadcast variables as {"broadcast":n}. */
function broadcastsIn(text: string): number[] {
  return [...new Set([...text.matchAll(/\{"broadcast":(\d+)\}/g)].map((match) => Number(match[1])))]
}
