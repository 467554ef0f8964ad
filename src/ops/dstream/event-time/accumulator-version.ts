import type { StateVersion } from '../state-version.js'

/**
 * State has, for each key, its panes `[start, accumulator]`, or its sessions `[first, last, accumulator]`. Without an
 * accumulator a window part is dropped.
 */
export function ofAccumulators({ stateVersion, upgrade }: StateVersion): StateVersion {
  if (!upgrade) return { stateVersion }
  return {
    stateVersion,
    upgrade: (parts, from) => {
      const upgraded = (parts as unknown[][]).flatMap((part) => {
        const accumulator = upgrade(part.at(-1), from)
        return accumulator === undefined || accumulator === null ? [] : [[...part.slice(0, -1), accumulator]]
      })
      return upgraded.length > 0 ? upgraded : undefined
    },
  }
}
