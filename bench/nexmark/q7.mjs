/** The highest bid of every 5 seconds. Of equal ones the smaller auction counts. */
export function stream(events) {
  let highest = []
  events
    .filter((event) => event.kind === 'bid')
    .map((bid) => [bid.auction, bid.price])
    .reduceByWindow((a, b) => (a[1] > b[1] || (a[1] === b[1] && a[0] <= b[0]) ? a : b), '5s', '5s')
    .foreachRDD(async (bids) => {
      highest = await bids.collect()
    })
  return () => highest
}

export function plain() {
  let batches = 0
  let highest
  let result = []
  return (events) => {
    for (const { kind, auction, price } of events) {
      if (kind !== 'bid') continue
      if (highest === undefined || price > highest[1] || (price === highest[1] && auction < highest[0])) {
        highest = [auction, price]
      }
    }
    if (++batches % 5 === 0) {
      result = [highest]
      highest = undefined
    }
    return result
  }
}
