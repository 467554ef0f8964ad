import { describe } from '../../values/describe.js'
import { dstreams, streamNode } from './facade.js'

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Sets the id under which checkpoints store what the operation keeps: its state, window data, or the position of its
     * source. A changed program finds it again by that id. Runs no job. Default: the operation and its place, such as
     * `updateStateByKey(map(words))`.
     *
     * ```ts
     * const clicks = ssc.queueStream<[string, number]>([[['a', 1]], [['a', 2]]])
     * clicks.updateStateByKey<number>((values, n = 0) => n + values.length).uid('clicks').output('counts') // [['a', 1]]; [['a', 2]]
     * ```
     *
     * @throws ArgumentError if another operation has this id. StateError after start().
     */
    uid(id: string): this
  }
}

dstreams.uid = function (id) {
  const node = streamNode(this)
  node.graph.mustBeOpen(`The uid ${describe(id)}`)
  node.graph.ids.name(node, id)
  return this
}
