//! A bucket in memory that does what S3 says it does of what we want of it: conditions are looked at and taken in one, parts have the
//! tags that they were answered with, and five MiB, but the last; a page has few keys.

use futures::StreamExt;
use s3s::{S3, S3Request, S3Response, S3Result, dto::*, s3_error};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

type Parts = BTreeMap<i32, Stored>;

#[derive(Debug, Clone)]
struct Stored {
    bytes: bytes::Bytes,
    e_tag: ETag,
    modified: SystemTime,
}

#[derive(Debug, Default)]
struct Content {
    objects: BTreeMap<String, Stored>,
    uploads: BTreeMap<String, (String, Parts)>,
    count: u64,
}

#[derive(Debug)]
pub(super) struct Memory {
    bucket: &'static str,
    content: Mutex<Content>,
}

/// Keys of a page.
const PAGE: usize = 7;

impl Memory {
    pub(super) fn new(bucket: &'static str) -> Self {
        Self { bucket, content: Mutex::default() }
    }

    fn content(&self, bucket: &str) -> S3Result<MutexGuard<'_, Content>> {
        if bucket == self.bucket { Ok(self.content.lock().unwrap()) } else { Err(s3_error!(NoSuchBucket)) }
    }
}

impl Content {
    fn object(&mut self, bytes: bytes::Bytes) -> Stored {
        self.count += 1;
        Stored { bytes, e_tag: ETag::Strong(format!("tag-{}", self.count)), modified: SystemTime::now() }
    }

    fn check(&self, key: &str, if_match: Option<&ETagCondition>, if_none_match: Option<&ETagCondition>) -> bool {
        let is = |condition: &ETagCondition| {
            self.objects.get(key).is_some_and(|there| condition.as_etag().is_none_or(|e_tag| e_tag.value() == there.e_tag.value()))
        };
        if_match.is_none_or(is) && !if_none_match.is_some_and(is)
    }
}

async fn collected(body: Option<StreamingBlob>) -> S3Result<bytes::Bytes> {
    let mut bytes = Vec::new();
    let mut body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(|_| s3_error!(IncompleteBody))?);
    }
    Ok(bytes.into())
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let content = self.content(&input.bucket)?;
        let object = content.objects.get(&input.key).ok_or_else(|| s3_error!(NoSuchKey))?;
        if !content.check(&input.key, input.if_match.as_ref(), None) {
            return Err(s3_error!(PreconditionFailed));
        }
        if !content.check(&input.key, None, input.if_none_match.as_ref()) {
            return Err(s3_error!(NotModified));
        }
        let size = object.bytes.len() as u64;
        let range = input.range.map(|range| range.check(size)).transpose()?;
        let content_range = range.as_ref().map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1));
        let bytes = range.map_or_else(|| object.bytes.clone(), |range| object.bytes.slice(range.start as usize..range.end as usize));
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(bytes.len() as i64),
            body: Some(s3s::Body::from(bytes).into()),
            content_range,
            e_tag: Some(object.e_tag.clone()),
            last_modified: Some(object.modified.into()),
            ..Default::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let content = self.content(&request.input.bucket)?;
        let object = content.objects.get(&request.input.key).ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(object.bytes.len() as i64),
            e_tag: Some(object.e_tag.clone()),
            last_modified: Some(object.modified.into()),
            ..Default::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let bytes = collected(input.body).await?;
        let mut content = self.content(&input.bucket)?;
        if !content.check(&input.key, input.if_match.as_ref(), input.if_none_match.as_ref()) {
            return Err(s3_error!(PreconditionFailed));
        }
        let object = content.object(bytes);
        let e_tag = Some(object.e_tag.clone());
        content.objects.insert(input.key, object);
        Ok(S3Response::new(PutObjectOutput { e_tag, ..Default::default() }))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { key, .. } = input.copy_source else { return Err(s3_error!(NotImplemented)) };
        let mut content = self.content(&input.bucket)?;
        let bytes = content.objects.get(&*key).ok_or_else(|| s3_error!(NoSuchKey))?.bytes.clone();
        let object = content.object(bytes);
        let result = CopyObjectResult { e_tag: Some(object.e_tag.clone()), ..Default::default() };
        content.objects.insert(input.key, object);
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.content(&request.input.bucket)?.objects.remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut content = self.content(&request.input.bucket)?;
        let gone = request.input.delete.objects.into_iter().map(|object| {
            content.objects.remove(&object.key);
            DeletedObject { key: Some(object.key), ..Default::default() }
        });
        let deleted = Some(gone.collect());
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..Default::default() }))
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let content = self.content(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.clone().or(input.start_after).unwrap_or_default();
        let (mut objects, mut folders, mut last) = (Vec::new(), BTreeSet::new(), None);
        let inside = content.objects.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        let mut truncated = false;
        for (key, object) in inside {
            let folder = input.delimiter.as_ref().and_then(|d| Some(format!("{prefix}{}{d}", key[prefix.len()..].split_once(d)?.0)));
            let place = folder.clone().unwrap_or_else(|| key.clone());
            if place <= after || folders.contains(&place) {
                continue;
            }
            if objects.len() + folders.len() == PAGE {
                truncated = true;
                break;
            }
            last = Some(place);
            if let Some(folder) = folder {
                folders.insert(folder);
            } else {
                objects.push(Object {
                    key: Some(key.clone()),
                    size: Some(object.bytes.len() as i64),
                    e_tag: Some(object.e_tag.clone()),
                    last_modified: Some(object.modified.into()),
                    ..Default::default()
                });
            }
        }
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: Some((objects.len() + folders.len()) as i32),
            contents: Some(objects),
            common_prefixes: Some(folders.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect()),
            is_truncated: Some(truncated),
            next_continuation_token: last.filter(|_| truncated),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let mut content = self.content(&request.input.bucket)?;
        content.count += 1;
        let id = format!("upload-{}", content.count);
        content.uploads.insert(id.clone(), (request.input.key, Parts::new()));
        Ok(S3Response::new(CreateMultipartUploadOutput { upload_id: Some(id), ..Default::default() }))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let bytes = collected(input.body).await?;
        let mut content = self.content(&input.bucket)?;
        let part = content.object(bytes);
        let e_tag = Some(part.e_tag.clone());
        let (_, parts) = content.uploads.get_mut(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        parts.insert(input.part_number, part);
        Ok(S3Response::new(UploadPartOutput { e_tag, ..Default::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let mut content = self.content(&input.bucket)?;
        let (key, parts) = content.uploads.get(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?.clone();
        let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let mut bytes = Vec::new();
        for (at, part) in named.iter().enumerate() {
            let there = part.part_number.and_then(|number| parts.get(&number)).filter(|there| part.e_tag.as_ref() == Some(&there.e_tag));
            let there = there.ok_or_else(|| s3_error!(InvalidPart))?;
            if at + 1 < named.len() && there.bytes.len() < 5 << 20 {
                return Err(s3_error!(EntityTooSmall));
            }
            bytes.extend_from_slice(&there.bytes);
        }
        content.uploads.remove(&input.upload_id);
        let object = content.object(bytes.into());
        let e_tag = Some(object.e_tag.clone());
        content.objects.insert(key, object);
        Ok(S3Response::new(CompleteMultipartUploadOutput { e_tag, ..Default::default() }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let gone = self.content(&request.input.bucket)?.uploads.remove(&request.input.upload_id);
        gone.map(|_| S3Response::new(AbortMultipartUploadOutput::default())).ok_or_else(|| s3_error!(NoSuchUpload))
    }
}
