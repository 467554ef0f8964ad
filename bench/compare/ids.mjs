/*
 * Names of contenders: their peer, with a variant after a colon if there are several: `spark`, `spark:file`.
 */

export const peerOf = (id) => id.split(':')[0]
export const variantOf = (id) => id.split(':')[1]

const WITH_LTS = ['millrace', 'node']

/** Millrace itself: on any Node, and on a Spark cluster. */
export const isMillrace = (id) => ['millrace', 'millrace-lts', 'millrace-spark'].includes(peerOf(id))

/** Returns the same contender on the other Node, or undefined if Node does not run it or the other Node is absent. */
export function onLts(id) {
  const peer = peerOf(id)
  return WITH_LTS.includes(peer) ? id.replace(peer, `${peer}-lts`) : undefined
}

/** Returns the contenders with those of the other Node after the last of each peer that Node runs. */
export function withLts(ids) {
  return WITH_LTS.reduce((all, peer) => {
    const own = all.filter((id) => peerOf(id) === peer)
    const at = all.indexOf(own.at(-1)) + 1
    return [...all.slice(0, at), ...own.map(onLts), ...all.slice(at)]
  }, ids)
}
