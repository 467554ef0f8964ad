import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { grouped } from '../../values/grouped.js'
import { textDigest } from '../functions/text-digest.js'
import type { InputNode, StreamNode } from './node.js'

/** Longer lists of parents are abbreviated: the place of a stream that is joined with itself doubles with each join. */
const LONGEST_PARENTS = 200
const LONGEST_UID = 200

/** The streams that one call of an operator created. `head` is the one that the user holds. */
interface Operation {
  readonly head: StreamNode
  /** In the order of creation. */
  readonly members: readonly StreamNode[]
  uid: string | undefined
}

/**
 * The ids under which checkpoints store what streams keep. They are those that `uid()` set, or derive from the operation and
 * its place: `updateStateByKey(map(words))`. So they do not depend on unrelated streams, as the numbers of streams do.
 */
export class StreamIds {
  readonly #operations = new Map<StreamNode, Operation>()
  readonly #uids = new Map<string, Operation>()
  readonly #places = new Map<StreamNode, string>()

  /** Groups the stream that a user gets with the parents that no user holds: one operator created them all. */
  claim(head: StreamNode): void {
    if (this.#operations.has(head)) return
    const members: StreamNode[] = []
    const operation: Operation = { head, members, uid: undefined }
    const add = (stream: StreamNode): void => {
      if (this.#operations.has(stream)) return
      this.#operations.set(stream, operation)
      for (const parent of stream.parents) add(parent)
      members.push(stream)
    }
    add(head)
  }

  /** Sets the uid of the operation that created a stream. @throws ArgumentError if another operation has it. */
  name(stream: StreamNode, uid: string): void {
    if (typeof uid !== 'string' || uid === '' || uid.length > LONGEST_UID) {
      throw new ArgumentError(`uid(${describe(uid)}): the id must be a text of 1 to ${LONGEST_UID} characters.`)
    }
    const operation = this.#operations.get(stream)!
    const { uid: earlier } = operation
    if (earlier !== undefined && earlier !== uid)
      throw new ArgumentError(`uid(${describe(uid)}): the operation has the uid ${describe(earlier)} already.`)
    const other = this.#uids.get(uid)
    if (other && other !== operation) {
      throw new ArgumentError(
        `uid(${describe(uid)}): ${this.#place(other.head)} has this uid already. Each operation needs a uid of its own.`,
        { uid },
      )
    }
    operation.uid = uid
    this.#uids.set(uid, operation)
  }

  /**
   * Returns the ids of these streams. Streams of one operation and place are numbered: `window(words) (1 of 2)`. The number
   * contains the count, so that a state never moves to another operation when one is added or removed.
   *
   * @throws ArgumentError if the uid of one equals the derived id of another.
   */
  ofStreams(streams: readonly StreamNode[]): Map<StreamNode, string> {
    const [named, unnamed] = [true, false].map((isNamed) =>
      streams.filter((stream) => (this.#operations.get(stream)?.uid !== undefined) === isNamed),
    ) as [StreamNode[], StreamNode[]]
    const given = numbered(named, (stream) => this.#operations.get(stream)!.uid!)
    const derived = numbered(unnamed, (stream) => this.#place(stream))
    const taken = new Set(given.values())
    for (const id of derived.values()) {
      if (taken.has(id)) {
        throw new ArgumentError(
          `uid(${describe(id)}): this is the derived id of another operation. Set a uid for that one, too.`,
          { uid: id },
        )
      }
    }
    return new Map([...given, ...derived])
  }

  /**
   * Returns the ids of output operations: digests of the operation and its place, as stores keep them. Equal ones are counted,
   * so a further one changes no id of those before it.
   */
  ofOutputs<O extends { readonly label: string; readonly stream: StreamNode }>(outputs: readonly O[]): Map<O, string> {
    // The text in parentheses, such as the address of a server, may differ between two starts.
    const placeOf = ({ label, stream }: O) => `${label.replace(/\(.*/s, '')} of ${this.#place(stream)}`
    const ids = [...grouped(outputs, placeOf)].flatMap(([id, group]) =>
      group.map((output, i) => [output, textDigest(i === 0 ? id : `${id} (${i + 1})`)] as const),
    )
    return new Map(ids)
  }

  /** The operation and its place. Ignores uids, so that setting one changes no other id. */
  #place(stream: StreamNode): string {
    const known = this.#places.get(stream)
    if (known !== undefined) return known
    const members = this.#operations.get(stream)?.members ?? [stream]
    const inside = new Set(members)
    const parents = new Set(members.flatMap((member) => member.parents.filter((parent) => !inside.has(parent))))
    const list = [...parents].map((parent) => this.#place(parent)).join(', ')
    const short = list.length > LONGEST_PARENTS ? `...${textDigest(list)}` : list
    const named = members.find(({ kept }) => kept) ?? members[0]!
    const place = short ? `${named.label}(${short})` : labelOf(stream)
    this.#places.set(stream, place)
    return place
  }
}

/** Ports may differ between two starts. */
function labelOf(stream: StreamNode): string {
  return 'source' in stream ? (stream as InputNode).source.name.replace(/:\d+/g, '') : stream.label
}

function numbered<T>(items: readonly T[], idOf: (item: T) => string): Map<T, string> {
  const ids = [...grouped(items, idOf)].flatMap(([id, group]) => {
    const of = (i: number) => (group.length > 1 ? `${id} (${i + 1} of ${group.length})` : id)
    return group.map((item, i) => [item, of(i)] as const)
  })
  return new Map(ids)
}
