/** Hot items: the auction with the most bids of the last 10 seconds, each second. */
export function stream(events) {
  events
    .filter((event) => event.kind === 'bid')
    .map((bid) => bid.auction)
    .countByValueAndWindow('10s', '1s')
    .reduce((a, b) => (a[1] > b[1] || (a[1] === b[1] && a[0] < b[0]) ? a : b))
    .output('result')
}

const LENGTH = 10

export function plain() {
  const counts = new Map()
  const kept = []
  return (events) => {
    const entering = events.filter(({ kind }) => kind === 'bid').map(({ auction }) => auction)
    kept.push(entering)
    for (const auction of entering) counts.set(auction, (counts.get(auction) ?? 0) + 1)
    for (const auction of kept.length > LENGTH ? kept.shift() : []) {
      const left = counts.get(auction) - 1
      if (left === 0) counts.delete(auction)
      else counts.set(auction, left)
    }
    let hot
    for (const item of counts) {
      if (hot === undefined || item[1] > hot[1] || (item[1] === hot[1] && item[0] < hot[0])) hot = item
    }
    return [hot]
  }
}
