import { definePipeline } from 'millrace'
import { double } from './typed-helper.js'

interface Point {
  readonly x: number
}
export default definePipeline<{ by: number }>((ssc, { by }) => {
  ssc
    .queueStream<Point>([[{ x: 1 }, { x: 2 }]])
    .map((p: Point) => double(p.x) + by)
    .output('out')
})
