package peers.spark;

import java.util.*;
import org.apache.spark.streaming.*;
import org.apache.spark.streaming.api.java.*;
import org.apache.spark.streaming.scheduler.*;
import peers.Serve;
import scala.Tuple2;

/** Batches of lines from a socket. The receiver has a core of its own, beside those of the tasks. */
final class Intervals {
  static Ladder.Step run(long interval, int port, long ms) throws Exception {
    Ladder.Step step = new Ladder.Step();
    long from = System.nanoTime() + (long) (ms * Ladder.WARM_SHARE * 1e6);
    JavaStreamingContext ssc = new JavaStreamingContext(SparkPeer.conf(Serve.number("threads") + 1)
        .set("spark.streaming.blockInterval", Math.max(5, interval / 2) + "ms"), Durations.milliseconds(interval));
    words(ssc.socketTextStream("127.0.0.1", port)).reduceByKey(Long::sum).foreachRDD(rdd -> {
      List<Tuple2<String, Long>> counts = rdd.collect();
      long now = System.nanoTime();
      if (now < from) return;
      for (Tuple2<String, Long> count : counts)
        if (count._1.startsWith("@")) for (long i = 0; i < count._2; i++) step.arrivals.add(now / 1e6 - Long.parseLong(count._1.substring(1)) / 1e3);
    });
    ssc.addStreamingListener(new StreamingListener() {
      @Override public void onBatchCompleted(StreamingListenerBatchCompleted event) {
        if (System.nanoTime() < from) return;
        step.processing.add((double) (Long) event.batchInfo().processingDelay().get());
        step.scheduling.add((double) (Long) event.batchInfo().schedulingDelay().get());
      }
    });
    ssc.start();
    Thread.sleep(ms);
    ssc.stop(true, false);
    return step;
  }

  private static JavaPairDStream<String, Long> words(JavaDStream<String> lines) {
    return lines.flatMap(line -> Arrays.asList(line.split(" ")).iterator()).mapToPair(word -> new Tuple2<>(word, 1L));
  }
}
