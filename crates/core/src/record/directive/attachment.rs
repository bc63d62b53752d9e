//! Files that belong to a directive, or to another agency's answer to it: a plan of the place, a picture of what was done.
//! Start at [`Attachment`].
//!
//! A file is said in parts, each in an entry of its own and sealed like all that is personal. The record keeps what the file is
//! and how much of it is here, never its bytes: no board grows by them, and whoever opens it reads them from the log. Whoever
//! is told of the directive is told of every part that is attached from then on.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Addressee, Directive, DirectiveEvent, Mark};
use crate::basis::{Blob, Line, Personal, Text};
use crate::limits;
use crate::record::{Event, Happened, RecordKind};
use crate::refusal::Refusal;

/// A file that belongs to a directive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub file: File,
    /// Who attached it, and when.
    pub mark: Mark,
    /// How many of its parts are here.
    pub here: u16,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it shows, in words that name nobody.
    pub label: Line,
    /// Of what kind it is, told by its first bytes.
    pub media: Media,
    /// Its size, in bytes.
    pub bytes: u32,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// In how many parts it is said.
    pub parts: u16,
    /// The item that it proves something of, from 0, if of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

/// The kinds of files that may be attached: pictures, papers and plain text, nothing that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A WebP picture.
    Webp,
    /// A PDF paper.
    Pdf,
    /// Plain text in UTF-8.
    Text,
}

impl Media {
    /// Tells what a file is by its first bytes; none if it is nothing that may be attached.
    pub fn of(bytes: &[u8]) -> Option<Media> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Media::Jpeg);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Media::Png);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Media::Webp);
        }
        if bytes.starts_with(b"%PDF-") {
            return Some(Media::Pdf);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        (!text.is_empty() && text.chars().all(plain)).then_some(Media::Text)
    }

    /// Returns its media type (RFC 6838).
    pub fn as_str(self) -> &'static str {
        match self {
            Media::Jpeg => "image/jpeg",
            Media::Png => "image/png",
            Media::Webp => "image/webp",
            Media::Pdf => "application/pdf",
            Media::Text => "text/plain; charset=utf-8",
        }
    }

    /// Returns the usual ending of its files' names.
    pub fn ending(self) -> &'static str {
        match self {
            Media::Jpeg => "jpg",
            Media::Png => "png",
            Media::Webp => "webp",
            Media::Pdf => "pdf",
            Media::Text => "txt",
        }
    }
}

impl Attachment {
    /// The kinds of the entries that have parts of files, in their personal part.
    pub const ENTRIES: [&str; 4] = [
        "directive.attached",
        "directive.attached_more",
        "reply.attached",
        "reply.attached_more",
    ];

    /// Returns true once every part of it is here.
    pub fn is_whole(&self) -> bool {
        self.here >= self.file.parts
    }

    /// Puts its parts together; none unless they are all of the file that was attached.
    pub fn join(&self, parts: &[Blob]) -> Option<Vec<u8>> {
        let bytes: Vec<u8> = parts.iter().flat_map(|part| &part.0).copied().collect();
        (sha256(&bytes) == self.file.sha256).then_some(bytes)
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Decides that a file is attached: the first entry says what it is, and each has a part of it.
pub(super) fn attach(
    found: &Directive,
    item: Option<usize>,
    label: &Line,
    data: &Blob,
) -> Result<Vec<Happened>, Refusal> {
    if let Some(at) = item {
        let of = found.items.get(at);
        let of = of.ok_or(Refusal::NotFound(RecordKind::Directive))?;
        if let Addressee::Agency(_) = of.to {
            return Err(super::decide::wrong(
                Text::new("for another agency to answer", "由对方单位办理"),
                Text::new("Attach it to the directive.", "请作为指令附件上传。"),
            ));
        }
    }
    let (file, parts) = cut(&found.attachments, item, label, data)?;
    let mut event = DirectiveEvent::Attached { file };
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let happened = Happened::new(found.id, Event::Directive(event));
        all.push(with_part(happened, part));
        event = DirectiveEvent::AttachedMore {};
    }
    Ok(all)
}

/// Says what a file is that is to stand beside others, and cuts it into the parts that it is said in.
pub(in crate::record) fn cut(
    beside: &[Attachment],
    item: Option<usize>,
    label: &Line,
    data: &Blob,
) -> Result<(Box<File>, Vec<Blob>), Refusal> {
    if beside.len() >= limits::ATTACHMENTS_MAX {
        return Err(Refusal::limit(
            "files of one directive",
            "单项指令附件",
            limits::ATTACHMENTS_MAX,
        ));
    }
    if data.0.len() > limits::ATTACHMENT_BYTES_MAX {
        return Err(Refusal::limit(
            "bytes of a file; make the picture smaller",
            "附件字节（请压缩图片）",
            limits::ATTACHMENT_BYTES_MAX,
        ));
    }
    let media = Media::of(&data.0).ok_or_else(|| {
        Refusal::missing(
            "A JPEG, PNG or WebP picture, a PDF, or plain text",
            "JPEG、PNG、WebP 图片、PDF 或纯文本文件",
        )
    })?;
    let sha256 = sha256(&data.0);
    if beside.iter().any(|one| one.file.sha256 == sha256) {
        return Err(super::decide::wrong(
            Text::new("with that very file", "已有该附件"),
            Text::new("Nothing needs doing.", "无需操作。"),
        ));
    }
    let parts = data.0.chunks(limits::ATTACHMENT_PART_BYTES);
    let parts: Vec<Blob> = parts.map(|part| Blob(part.to_vec())).collect();
    let (Ok(bytes), Ok(count)) = (u32::try_from(data.0.len()), u16::try_from(parts.len())) else {
        return Err(Refusal::missing("A smaller file", "较小的文件"));
    };
    let file = Box::new(File {
        label: label.clone(),
        media,
        bytes,
        sha256,
        parts: count,
        item,
    });
    Ok((file, parts))
}

/// Says an entry of a file with its part.
pub(in crate::record) fn with_part(happened: Happened, part: Blob) -> Happened {
    Happened {
        personal: Personal {
            part: Some(part),
            ..Personal::default()
        },
        ..happened
    }
}

/// Notes a file, or one more part of the file that was attached last: its parts follow on one another.
pub(super) fn apply(next: &mut Directive, event: &DirectiveEvent, mark: Mark) {
    if let DirectiveEvent::Attached { file } = event {
        begin(&mut next.attachments, file, mark);
    } else if let DirectiveEvent::AttachedMore {} = event {
        go_on(&mut next.attachments);
    }
}

/// Notes a file, with its first part.
pub(in crate::record) fn begin(all: &mut Vec<Attachment>, file: &File, mark: Mark) {
    if all.len() < limits::ATTACHMENTS_MAX {
        all.push(Attachment {
            file: file.clone(),
            mark,
            here: 1,
        });
    }
}

/// Notes one more part of the file that was attached last.
pub(in crate::record) fn go_on(all: &mut [Attachment]) {
    if let Some(last) = all.last_mut() {
        last.here = last.here.saturating_add(1);
    }
}
