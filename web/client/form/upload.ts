/** Sending a file with progress, photos made small enough for a bad connection first. */
import { csrfToken, problemFrom, Unreachable } from '../http';
import type { FileModel } from './model';

const LONGEST_SIDE = 2000;
const QUALITY = 0.82;

/** A photo no larger than it needs to be; whatever this browser cannot read goes as it is. */
export async function compressed(file: File): Promise<File> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || typeof createImageBitmap === 'undefined') return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, '.jpg'), { type: 'image/jpeg' });
  } catch {
    return file;
  }
}

export interface Upload {
  readonly done: Promise<FileModel>;
  abort(): void;
}

/** Raises `Problem` or `Unreachable`. A repeated try with the same key stores the file once. */
export function upload(url: string, file: File, key: string, onprogress: (share: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<FileModel>((resolve, reject) => {
    request.open('POST', url);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-CSRF-Token', csrfToken());
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onprogress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as FileModel);
      else reject(problemFrom(request.status, request.responseText));
    });
    for (const failure of ['error', 'timeout', 'abort']) request.addEventListener(failure, () => reject(new Unreachable(failure)));
    const body = new FormData();
    body.append('file', file, file.name);
    request.send(body);
  });
  return { done, abort: () => request.abort() };
}
