package millrace.bridge;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/** Writes the blocks of a shuffle as they are: i32 reduce partition, u32 length, bytes. */
final class BlockSerializer extends Serializer implements Serializable {
  private static final int BUFFER_BYTES = 1 << 15;

  @Override
  public SerializerInstance newInstance() {
    return new Instance();
  }

  private static final class Instance extends SerializerInstance {
    @Override
    public SerializationStream serializeStream(OutputStream out) {
      return new Writer(new DataOutputStream(out));
    }

    @Override
    public DeserializationStream deserializeStream(InputStream in) {
      return new Reader(new DataInputStream(new BufferedInputStream(in, BUFFER_BYTES)));
    }

    @Override
    public <T> ByteBuffer serialize(T value, ClassTag<T> tag) {
      throw onlyStreams();
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassTag<T> tag) {
      throw onlyStreams();
    }

    @Override
    public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> tag) {
      throw onlyStreams();
    }

    private static UnsupportedOperationException onlyStreams() {
      return new UnsupportedOperationException("A shuffle writes and reads streams only.");
    }
  }

  private static final class Writer extends SerializationStream {
    private final DataOutputStream out;

    Writer(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public <T> SerializationStream writeObject(T value, ClassTag<T> tag) {
      try {
        if (value instanceof Integer key) out.writeInt(key);
        else Wire.write(out, (byte[]) value);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Reader extends DeserializationStream {
    private final DataInputStream in;

    Reader(DataInputStream in) {
      this.in = in;
    }

    @Override
    public <T> T readObject(ClassTag<T> tag) {
      throw Instance.onlyStreams();
    }

    /** Throws EOFException at the end, by which Spark knows it. */
    @Override
    @SuppressWarnings("unchecked")
    public <T> T readKey(ClassTag<T> tag) {
      try {
        return (T) (Integer) in.readInt();
      } catch (IOException e) {
        throw BlockSerializer.<RuntimeException>unchecked(e);
      }
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T readValue(ClassTag<T> tag) {
      try {
        return (T) Wire.read(in);
      } catch (EOFException e) {
        // Not the end of the stream, which is between two blocks.
        throw new UncheckedIOException(e);
      } catch (IOException e) {
        throw BlockSerializer.<RuntimeException>unchecked(e);
      }
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Spark handles the exceptions of streams by their classes, and declares none. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E unchecked(IOException error) throws E {
    throw (E) error;
  }
}
