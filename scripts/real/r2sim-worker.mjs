// S3's path-style requests, turned into calls of R2's binding, and its answers into S3's. Runs inside workerd.
// See r2sim-up for what is Cloudflare's behaviour and what is ours.

class Refusal extends Error {
  constructor(status, code, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// R2's error numbers, which end its messages, as its S3 interface names them.
const R2_ERRORS = {
  10004: [404, 'NoSuchBucket'],
  10006: [404, 'NoSuchBucket'],
  10007: [404, 'NoSuchKey'],
  10011: [400, 'EntityTooSmall'],
  10012: [400, 'EntityTooLarge'],
  10014: [400, 'InvalidDigest'],
  10020: [400, 'InvalidObjectName'],
  10022: [400, 'InvalidMaxKeys'],
  10024: [404, 'NoSuchUpload'],
  10025: [400, 'InvalidPart'],
  10031: [412, 'PreconditionFailed'],
  10035: [400, 'BadDigest'],
  10037: [400, 'BadDigest'],
  10039: [416, 'InvalidRange'],
  10048: [400, 'InvalidPart'],
  10058: [429, 'TooManyRequests'],
};

export default {
  async fetch(request, env) {
    try {
      const call = await readCall(request, env);
      return await dispatch(call);
    } catch (error) {
      const refusal = asRefusal(error);
      const body = request.method === 'HEAD' ? null : xml('Error', { Code: refusal.code, Message: refusal.message });
      return new Response(body, { status: refusal.status, headers: { 'content-type': 'application/xml' } });
    }
  },
};

function asRefusal(error) {
  if (error instanceof Refusal) return error;
  const number = /\((\d{5})\)$/.exec(String(error?.message))?.[1];
  const [status, code] = R2_ERRORS[number] ?? [500, 'InternalError'];
  return new Refusal(status, code, String(error?.message));
}

// ---- requests

async function readCall(request, env) {
  const url = new URL(request.url);
  const path = decodeURIComponent(url.pathname);
  const slash = path.indexOf('/', 1);
  const call = {
    request,
    method: request.method,
    headers: request.headers,
    query: readQuery(url.search),
    path,
    bucketName: slash < 0 ? path.slice(1) : path.slice(1, slash),
    key: slash < 0 ? '' : path.slice(slash + 1),
    body: new Uint8Array(await request.arrayBuffer()),
    bucketNamed: (name) => {
      const bucket = env[`bucket:${name}`];
      if (!bucket) throw new Refusal(404, 'NoSuchBucket');
      return bucket;
    },
  };
  await checkSignature(call, env);
  await checkDigest(call);
  call.bucket = call.bucketNamed(call.bucketName);
  return call;
}

// A plus stays a plus: it is `%20` that S3's clients send for a blank.
function readQuery(search) {
  const query = new Map();
  for (const part of search.slice(1).split('&').filter(Boolean)) {
    const [name, ...value] = part.split('=');
    query.set(decodeURIComponent(name), decodeURIComponent(value.join('=')));
  }
  return query;
}

function dispatch(call) {
  const { method, query, key } = call;
  const unsupported = ['acl', 'tagging', 'retention', 'legal-hold', 'versionId', 'versions', 'lifecycle', 'policy'];
  if (unsupported.some((name) => query.has(name))) throw new Refusal(501, 'NotImplemented');
  if (call.headers.has('x-amz-server-side-encryption-customer-algorithm')) throw new Refusal(501, 'NotImplemented');
  if (!key) {
    if (method === 'HEAD') return new Response(null);
    if (method === 'PUT' && query.size === 0) throw new Refusal(409, 'BucketAlreadyOwnedByYou');
    if (method === 'POST' && query.has('delete')) return deleteMany(call);
    if (method === 'GET' && query.get('list-type') === '2') return list(call);
    throw new Refusal(501, 'NotImplemented');
  }
  if (method === 'POST' && query.has('uploads')) return createUpload(call);
  if (query.has('uploadId')) {
    if (method === 'PUT') return putPart(call);
    if (method === 'POST') return completeUpload(call);
    if (method === 'DELETE') return abortUpload(call);
    throw new Refusal(501, 'NotImplemented');
  }
  if (method === 'PUT') return call.headers.has('x-amz-copy-source') ? copy(call) : put(call);
  if (method === 'GET') return get(call);
  if (method === 'HEAD') return head(call);
  if (method === 'DELETE') return remove(call);
  throw new Refusal(405, 'MethodNotAllowed');
}

// ---- Signature Version 4, in the Authorization header

async function checkSignature(call, env) {
  const { headers } = call;
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.get('authorization') ?? '',
    );
  if (!parsed) throw new Refusal(403, 'AccessDenied');
  const [, accessKey, day, region, names, signature] = parsed;
  if (accessKey !== env.ACCESS_KEY) throw new Refusal(403, 'InvalidAccessKeyId');
  const date = headers.get('x-amz-date') ?? '';
  const moment = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - moment) < 15 * 60 * 1000)) throw new Refusal(403, 'RequestTimeTooSkewed');
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-') && !names.split(';').includes(name)) throw new Refusal(403, 'AccessDenied', `${name} is not signed`);
  }

  const query = [...call.query].map(([name, value]) => `${escape(name)}=${escape(value)}`).sort();
  const canonical = [
    call.method,
    call.path.split('/').map(escape).join('/'),
    query.join('&'),
    ...names.split(';').map((name) => `${name}:${(headers.get(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names,
    headers.get('x-amz-content-sha256') ?? '',
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, hex(await sha256(utf8(canonical)))].join('\n');
  let key = utf8(`AWS4${env.SECRET_KEY}`);
  for (const part of [day, region, 's3', 'aws4_request']) key = await hmac(key, part);
  if (hex(await hmac(key, toSign)) !== signature) throw new Refusal(403, 'SignatureDoesNotMatch', canonical);
}

async function checkDigest({ headers, body }) {
  const declared = headers.get('x-amz-content-sha256');
  if (declared === 'UNSIGNED-PAYLOAD') return;
  if (declared?.startsWith('STREAMING-')) throw new Refusal(501, 'NotImplemented', 'payloads in signed chunks');
  if (declared !== hex(await sha256(body))) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
}

const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const escape = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

async function hmac(key, text) {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, utf8(text)));
}

// ---- XML

const quote = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const NAMED = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const unquote = (text) =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(lt|gt|quot|apos|amp));/gi, (_, decimal, hexadecimal, name) =>
    name ? NAMED[name] : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hexadecimal, 16)),
  );

// An element from an object of its children; an array repeats its element.
function element(name, value) {
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  if (value === undefined) return '';
  const inside = typeof value === 'object' ? Object.entries(value).map(([n, v]) => element(n, v)).join('') : quote(value);
  return `<${name}>${inside}</${name}>`;
}
const xml = (name, value) => `<?xml version="1.0" encoding="UTF-8"?>${element(name, value)}`;
const answer = (name, value) => new Response(xml(name, value), { headers: { 'content-type': 'application/xml' } });

function elements(bytes, name) {
  const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
  return [...text.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map((match) => match[1]);
}

// ---- objects

const etagOf = (object) => `"${object.etag}"`;

// The conditions of a request, or nothing where it has none: R2 takes a present but empty set for one that failed.
function conditions(headers) {
  const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
  const given = names.filter((name) => headers.has(name)).map((name) => [name, headers.get(name)]);
  return given.length ? new Headers(given) : undefined;
}

function putOptions(headers) {
  const options = { httpMetadata: headers, customMetadata: {} };
  for (const [name, value] of headers) {
    if (name.startsWith('x-amz-meta-')) options.customMetadata[name.slice('x-amz-meta-'.length)] = value;
  }
  if (headers.get('x-amz-storage-class') === 'STANDARD_IA') options.storageClass = 'InfrequentAccess';
  return options;
}

function describe(object) {
  const headers = new Headers();
  object.writeHttpMetadata(headers);
  headers.set('etag', etagOf(object));
  headers.set('last-modified', object.uploaded.toUTCString());
  headers.set('accept-ranges', 'bytes');
  for (const [name, value] of Object.entries(object.customMetadata ?? {})) headers.set(`x-amz-meta-${name}`, value);
  if (object.storageClass === 'InfrequentAccess') headers.set('x-amz-storage-class', 'STANDARD_IA');
  return headers;
}

async function put({ bucket, key, headers, body }) {
  const options = { ...putOptions(headers), onlyIf: conditions(headers) };
  if (headers.has('content-md5')) {
    options.md5 = hex(Uint8Array.from(atob(headers.get('content-md5')), (c) => c.charCodeAt(0)));
  }
  const stored = await bucket.put(key, body, options);
  if (stored === null) throw new Refusal(412, 'PreconditionFailed');
  return new Response(null, { headers: { etag: etagOf(stored) } });
}

async function copy({ bucketNamed, bucket, key, headers }) {
  const source = decodeURIComponent(headers.get('x-amz-copy-source')).replace(/^\//, '');
  const slash = source.indexOf('/');
  const object = await bucketNamed(source.slice(0, slash)).get(source.slice(slash + 1));
  if (!object) throw new Refusal(404, 'NoSuchKey');
  const { httpMetadata, customMetadata, storageClass } = object;
  const stored = await bucket.put(key, await object.arrayBuffer(), { httpMetadata, customMetadata, storageClass });
  return answer('CopyObjectResult', { ETag: etagOf(stored), LastModified: stored.uploaded.toISOString() });
}

async function head({ bucket, key }) {
  const object = await bucket.head(key);
  if (!object) throw new Refusal(404, 'NoSuchKey');
  const headers = describe(object);
  headers.set('content-length', object.size);
  return new Response(null, { headers });
}

async function get({ bucket, key, headers }) {
  const object = await bucket.get(key, { range: headers, onlyIf: conditions(headers) });
  if (!object) throw new Refusal(404, 'NoSuchKey');
  const described = describe(object);
  if (!('body' in object)) {
    const unchanged = headers.has('if-none-match') || headers.has('if-modified-since');
    if (!unchanged) throw new Refusal(412, 'PreconditionFailed');
    return new Response(null, { status: 304, headers: described });
  }
  const first = /^bytes=(\d+)-/.exec(headers.get('range') ?? '');
  if (first && Number(first[1]) >= object.size) throw new Refusal(416, 'InvalidRange');
  let [status, length] = [200, object.size];
  if (headers.has('range') && object.range) {
    const offset = object.range.offset ?? object.size - object.range.suffix;
    length = object.range.length ?? object.size - offset;
    status = 206;
    described.set('content-range', `bytes ${offset}-${offset + length - 1}/${object.size}`);
  }
  // A stream of known length, so that the answer carries Content-Length as S3's does.
  const stream = new FixedLengthStream(length);
  object.body.pipeTo(stream.writable).catch(() => {});
  return new Response(stream.readable, { status, headers: described });
}

async function remove({ bucket, key }) {
  await bucket.delete(key);
  return new Response(null, { status: 204 });
}

async function deleteMany({ bucket, body }) {
  const keys = elements(body, 'Key').map(unquote);
  if (keys.length === 0 || keys.length > 1000) throw new Refusal(400, 'MalformedXML');
  await bucket.delete(keys);
  const quiet = elements(body, 'Quiet')[0] === 'true';
  return answer('DeleteResult', { Deleted: quiet ? [] : keys.map((key) => ({ Key: key })) });
}

async function list({ bucket, bucketName, query }) {
  const asked = query.has('max-keys') ? Number(query.get('max-keys')) : 1000;
  const limit = Math.min(asked, 1000);
  const shown = query.get('encoding-type') === 'url' ? (text) => text.split('/').map(escape).join('/') : (text) => text;
  const options = {
    limit,
    prefix: query.get('prefix') || undefined,
    delimiter: query.get('delimiter') || undefined,
    cursor: query.get('continuation-token') || undefined,
    startAfter: query.get('start-after') || undefined,
  };
  const page = limit > 0 ? await bucket.list(options) : { objects: [], delimitedPrefixes: [], truncated: false };
  return answer('ListBucketResult', {
    Name: bucketName,
    Prefix: shown(query.get('prefix') ?? ''),
    MaxKeys: limit,
    KeyCount: page.objects.length + page.delimitedPrefixes.length,
    EncodingType: query.get('encoding-type'),
    IsTruncated: page.truncated,
    NextContinuationToken: page.truncated ? page.cursor : undefined,
    Contents: page.objects.map((object) => ({
      Key: shown(object.key),
      LastModified: object.uploaded.toISOString(),
      ETag: etagOf(object),
      Size: object.size,
      StorageClass: object.storageClass === 'InfrequentAccess' ? 'STANDARD_IA' : 'STANDARD',
    })),
    CommonPrefixes: page.delimitedPrefixes.map((prefix) => ({ Prefix: shown(prefix) })),
  });
}

// ---- multipart uploads

async function createUpload({ bucket, bucketName, key, headers }) {
  const upload = await bucket.createMultipartUpload(key, putOptions(headers));
  return answer('InitiateMultipartUploadResult', { Bucket: bucketName, Key: key, UploadId: upload.uploadId });
}

const uploadOf = ({ bucket, key, query }) => bucket.resumeMultipartUpload(key, query.get('uploadId'));

async function putPart(call) {
  if (call.headers.has('x-amz-copy-source')) throw new Refusal(501, 'NotImplemented');
  const part = await uploadOf(call).uploadPart(Number(call.query.get('partNumber')), call.body);
  return new Response(null, { headers: { etag: etagOf(part) } });
}

async function completeUpload(call) {
  const parts = elements(call.body, 'Part').map((part) => ({
    partNumber: Number(elements(part, 'PartNumber')[0]),
    etag: unquote(elements(part, 'ETag')[0]).replaceAll('"', ''),
  }));
  // R2's binding takes no condition here though its S3 interface does; so it is looked at before, which isn't atomic.
  if (call.headers.get('if-none-match') === '*' && (await call.bucket.head(call.key))) {
    throw new Refusal(412, 'PreconditionFailed');
  }
  const object = await uploadOf(call).complete(parts);
  return answer('CompleteMultipartUploadResult', { Bucket: call.bucketName, Key: call.key, ETag: etagOf(object) });
}

async function abortUpload(call) {
  await uploadOf(call).abort();
  return new Response(null, { status: 204 });
}
