/** A message of the stream: a post, the objects that its expansions name, and the rules that it matches. */
export interface XPost {
  readonly data: { readonly id: string; readonly text: string; readonly [field: string]: unknown }
  readonly includes?: Readonly<Record<string, readonly unknown[]>>
  readonly matching_rules?: readonly { readonly id: string; readonly tag?: string }[]
}

interface Message extends Partial<XPost> {
  readonly errors?: readonly { readonly title?: string; readonly detail?: string; readonly disconnect_type?: string }[]
}

/** The most kinds of unknown messages that are reported. */
const MOST_KINDS = 16

/** Parses the lines of the stream. Drops repeated posts: X repeats some, and all of a backfill. */
export class Posts {
  readonly #remember: number
  readonly #report: (message: string) => void
  readonly #kinds = new Set<string>()
  /** The newest ids, the oldest first. */
  readonly #ids = new Set<string>()

  constructor(remember: number, report: (message: string) => void) {
    this.#remember = remember
    this.#report = report
  }

  /** Returns the post in a line; undefined if the line contains no new post. */
  read(line: string): XPost | undefined {
    let message: Message | null
    try {
      message = JSON.parse(line)
    } catch {
      this.#report(`a line of ${line.length} characters is not JSON, and is left out`)
      return undefined
    }
    const { data, errors } = message ?? {}
    if (typeof data?.id === 'string') return this.#isNew(data.id) ? (message as XPost) : undefined
    if (Array.isArray(errors)) {
      for (const { title = 'error', detail, disconnect_type } of errors)
        this.#report(['X reports', title, detail, disconnect_type && `(${disconnect_type})`].filter(Boolean).join(' '))
      return undefined
    }
    const kind = Object.keys(message ?? {}).join()
    if (!this.#kinds.has(kind) && this.#kinds.size < MOST_KINDS) {
      this.#kinds.add(kind)
      this.#report(`messages with ${kind === '' ? 'no properties' : kind} are not known, and left out`)
    }
    return undefined
  }

  #isNew(id: string): boolean {
    if (this.#ids.has(id)) return false
    if (this.#remember === 0) return true
    this.#ids.add(id)
    if (this.#ids.size > this.#remember) this.#ids.delete(this.#ids.values().next().value!)
    return true
  }
}
