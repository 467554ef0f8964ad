import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.time.Duration;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.io.Tcp;
import org.apache.pekko.io.TcpMessage;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/**
 * An actor system whose actors send numbered messages to a TCP endpoint: PekkoFeed PORT ACTORS TOTAL WINDOW. Each actor has a
 * connection, sends frames of a 4-byte length and JSON, and has at most WINDOW messages unacknowledged. The endpoint answers
 * {"stored": n}: the messages of this connection that it has stored. When a connection is lost, the actor connects again and
 * sends what was not acknowledged.
 */
public class PekkoFeed {
  enum Written implements Tcp.Event { INSTANCE }

  static final class Connect {}

  static final class Sender extends AbstractActor {
    final InetSocketAddress to;
    final int total;
    final int window;
    ActorRef connection;
    ByteString in = ByteString.emptyByteString();
    int base;
    int sent;
    int acked;
    int failures;
    boolean writing;

    Sender(InetSocketAddress to, int total, int window) {
      this.to = to;
      this.total = total;
      this.window = window;
    }

    @Override
    public void preStart() {
      getSelf().tell(new Connect(), getSelf());
    }

    void again() {
      connection = null;
      writing = false;
      in = ByteString.emptyByteString();
      sent = base = acked;
      if (++failures > 100) {
        System.out.println("gave up");
        getContext().getSystem().terminate();
        return;
      }
      var scheduler = getContext().getSystem().scheduler();
      scheduler.scheduleOnce(Duration.ofMillis(100), getSelf(), new Connect(), getContext().getDispatcher(), getSelf());
    }

    ByteString frame(int i) {
      String json = "{\"path\":\"" + getSelf().path() + "\",\"seq\":" + i + ",\"text\":\"w\u00f6rd" + (i % 100) + "\"}";
      ByteString bytes = ByteString.fromString(json);
      return new ByteStringBuilder().putInt(bytes.size(), ByteOrder.BIG_ENDIAN).append(bytes).result();
    }

    void pump() {
      if (writing || connection == null) return;
      ByteStringBuilder out = new ByteStringBuilder();
      int count = 0;
      for (; sent < total && sent - acked < window && count < 256; count++) out.append(frame(sent++));
      if (count == 0) return;
      writing = true;
      connection.tell(TcpMessage.write(out.result(), Written.INSTANCE), getSelf());
    }

    void received(ByteString data) {
      in = in.concat(data);
      while (in.size() >= 4) {
        int length = in.iterator().getInt(ByteOrder.BIG_ENDIAN);
        if (in.size() < 4 + length) break;
        String answer = in.slice(4, 4 + length).utf8String();
        in = in.drop(4 + length);
        acked = base + Integer.parseInt(answer.substring(answer.indexOf(':') + 1, answer.length() - 1).trim());
      }
      if (acked < total) pump();
      else connection.tell(TcpMessage.close(), getSelf());
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(Connect.class, c -> Tcp.get(getContext().getSystem()).manager().tell(TcpMessage.connect(to), getSelf()))
          .match(Tcp.Connected.class, c -> {
            connection = getSender();
            connection.tell(TcpMessage.register(getSelf()), getSelf());
            pump();
          })
          .match(Tcp.CommandFailed.class, f -> {
            if (f.cmd() instanceof Tcp.Connect) again();
          })
          .match(Written.class, w -> {
            writing = false;
            pump();
          })
          .match(Tcp.Received.class, r -> received(r.data()))
          .match(Tcp.ConnectionClosed.class, c -> {
            if (acked < total) {
              System.out.println("lost at " + acked);
              again();
              return;
            }
            System.out.println("acked " + total);
            getContext().stop(getSelf());
          })
          .build();
    }
  }

  /** Ends the system when all senders have stopped. */
  static final class Supervisor extends AbstractActor {
    int left;

    Supervisor(InetSocketAddress to, int actors, int total, int window) {
      left = actors;
      for (int i = 0; i < actors; i++) {
        getContext().watch(getContext().actorOf(Props.create(Sender.class, () -> new Sender(to, total, window)), "sender-" + i));
      }
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(org.apache.pekko.actor.Terminated.class, t -> {
            if (--left == 0) getContext().getSystem().terminate();
          })
          .build();
    }
  }

  public static void main(String[] args) throws Exception {
    InetSocketAddress to = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
    int actors = Integer.parseInt(args[1]), total = Integer.parseInt(args[2]), window = Integer.parseInt(args[3]);
    ActorSystem system = ActorSystem.create("feeder");
    system.actorOf(Props.create(Supervisor.class, () -> new Supervisor(to, actors, total, window)), "supervisor");
    system.getWhenTerminated().toCompletableFuture().get();
  }
}
