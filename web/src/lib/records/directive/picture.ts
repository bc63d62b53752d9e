// Makes a picture smaller until it may be attached; everything else stays as it is. Start at `smaller`.

/** Largest file that the node takes, in bytes. */
export const FILE_BYTES_MAX = 1_000_000;
/** The longer side of what a large picture is made into, in pixels, one after another until it is small enough. */
const SIDES_PX = [2048, 1600, 1200, 800];
const QUALITY = 0.8;
/** A picture that is larger is made smaller, in bytes: it may have to go over the line of a telephone. */
const LARGE_BYTES = 400_000;

/** Returns a file that may be attached, if it can be made one. Fails when a picture cannot be read. */
export async function smaller(file: Blob): Promise<Blob> {
  if (file.size <= LARGE_BYTES || !file.type.startsWith('image/')) return file;
  const picture = await createImageBitmap(file);
  let made = file;
  for (const side of SIDES_PX) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    made = await new Promise<Blob>((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('no picture'))), 'image/jpeg', QUALITY));
    if (made.size <= LARGE_BYTES) break;
  }
  picture.close();
  // What grew by it was small enough before.
  return made.size < file.size ? made : file;
}

/** Writes a file in base64, as JSON carries it. */
export async function base64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  // In pieces: a function takes only so many arguments.
  const PIECE = 0x8000;
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
