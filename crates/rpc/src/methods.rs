// SPDX-License-Identifier: Apache-2.0
//! Every method of every contract: whether it changes something, and which permission of a user opens
//! it. A method that is not in this table cannot be called.

use ports::identity::Permission;

/// One service of the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    Accept,
    Documents,
    Feed,
    Inquiry,
    Records,
    Remittances,
    Release,
    Reveal,
    Oversight,
    Journals,
    ErpBook,
    Balances,
    MasterSource,
    Identity,
    ReferenceData,
}

impl Api {
    pub const ALL: [Api; 15] = [
        Api::Accept,
        Api::Documents,
        Api::Feed,
        Api::Inquiry,
        Api::Records,
        Api::Remittances,
        Api::Release,
        Api::Reveal,
        Api::Oversight,
        Api::Journals,
        Api::ErpBook,
        Api::Balances,
        Api::MasterSource,
        Api::Identity,
        Api::ReferenceData,
    ];

    /// The full name of the service, as in health checks.
    pub fn service(self) -> &'static str {
        match self {
            Api::Accept => "revbridge.intake.v1.Accept",
            Api::Documents => "revbridge.intake.v1.Documents",
            Api::Feed => "revbridge.feed.v1.Feed",
            Api::Inquiry => "revbridge.remittance.v1.Inquiry",
            Api::Records => "revbridge.remittance.v1.Records",
            Api::Remittances => "revbridge.remittance.v1.Remittances",
            Api::Release => "revbridge.remittance.v1.Release",
            Api::Reveal => "revbridge.intake.v1.Reveal",
            Api::Oversight => "revbridge.oversight.v1.Oversight",
            Api::Journals => "revbridge.erp.v1.Journals",
            Api::ErpBook => "revbridge.erp.v1.ErpBook",
            Api::Balances => "revbridge.erp.v1.Balances",
            Api::MasterSource => "revbridge.erp.v1.MasterSource",
            Api::Identity => "revbridge.identity.v1.Identity",
            Api::ReferenceData => "revbridge.reference.v1.ReferenceData",
        }
    }
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Call,
    Upload,
}

/// One method with what it takes to call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Method {
    pub api: Api,
    pub name: &'static str,
    pub span: Span,
    /// A user needs one of these; with none it is between our own roles.
    pub users: &'static [Permission],
}

const NOBODY: &[Permission] = &[];
const UPLOAD: &[Permission] = &[Permission::Upload];
const READ: &[Permission] = &[Permission::Read];
/// Whoever decides about an item has to see what it is about.
const READ_TO_DECIDE: &[Permission] = &[Permission::Read, Permission::Work, Permission::Approve];
/// Which of the two, the decision itself says.
const DECIDE: &[Permission] = &[Permission::Work, Permission::Approve];

const APPROVE: &[Permission] = &[Permission::Approve];
const REVEAL: &[Permission] = &[Permission::Reveal];

const fn method(api: Api, name: &'static str, users: &'static [Permission]) -> Method {
    Method { api, name, span: Span::Call, users }
}

pub(crate) const METHODS: [Method; 57] = [
    Method { api: Api::Accept, name: "Accept", span: Span::Upload, users: UPLOAD },
    method(Api::Documents, "Document", READ),
    method(Api::Documents, "Documents", READ),
    method(Api::Feed, "Read", READ),
    method(Api::Feed, "About", READ),
    method(Api::Inquiry, "Remittances", READ),
    method(Api::Inquiry, "Journals", READ),
    method(Api::Inquiry, "Items", READ),
    method(Api::Inquiry, "ItemsByCode", READ),
    method(Api::Inquiry, "InboxSums", READ),
    method(Api::Inquiry, "EventsWithoutTheirRows", READ),
    method(Api::Inquiry, "JournalSums", READ),
    method(Api::Inquiry, "PostedByRole", READ),
    method(Api::Inquiry, "PostedOnClearing", READ),
    method(Api::Inquiry, "PostedByDimension", READ),
    method(Api::Inquiry, "RowsOfRemittance", READ),
    method(Api::Inquiry, "Row", READ),
    method(Api::Inquiry, "Search", READ),
    method(Api::Inquiry, "Waiting", READ),
    method(Api::Records, "Now", READ_TO_DECIDE),
    method(Api::Records, "Inbox", READ_TO_DECIDE),
    method(Api::Records, "InboxOf", READ_TO_DECIDE),
    method(Api::Records, "Batches", READ_TO_DECIDE),
    method(Api::Records, "Remittance", READ_TO_DECIDE),
    method(Api::Records, "RemittancesOf", READ_TO_DECIDE),
    method(Api::Records, "RemittancesLike", READ_TO_DECIDE),
    method(Api::Records, "States", READ_TO_DECIDE),
    method(Api::Records, "Rows", READ_TO_DECIDE),
    method(Api::Records, "RowsOf", READ_TO_DECIDE),
    method(Api::Records, "OpenRows", READ_TO_DECIDE),
    method(Api::Records, "OpenGroups", READ_TO_DECIDE),
    method(Api::Records, "Journal", READ_TO_DECIDE),
    method(Api::Records, "Members", READ_TO_DECIDE),
    method(Api::Records, "Item", READ_TO_DECIDE),
    method(Api::Records, "ItemsAbout", READ_TO_DECIDE),
    method(Api::Records, "Answer", READ_TO_DECIDE),
    method(Api::Remittances, "Deliver", NOBODY),
    method(Api::Remittances, "Close", NOBODY),
    method(Api::Remittances, "Open", NOBODY),
    method(Api::Remittances, "Decide", DECIDE),
    method(Api::Release, "Release", APPROVE),
    method(Api::Release, "ReleaseAll", APPROVE),
    method(Api::Reveal, "Reveal", REVEAL),
    method(Api::Oversight, "Completeness", READ),
    method(Api::Oversight, "CompletenessOf", READ),
    method(Api::Oversight, "Search", READ),
    method(Api::Oversight, "Timeline", READ),
    method(Api::Journals, "Capabilities", NOBODY),
    method(Api::Journals, "Submit", NOBODY),
    method(Api::Journals, "Post", NOBODY),
    method(Api::Journals, "Discard", NOBODY),
    method(Api::Journals, "Find", NOBODY),
    method(Api::ErpBook, "Documents", NOBODY),
    method(Api::Balances, "Trial", NOBODY),
    method(Api::MasterSource, "Pull", NOBODY),
    method(Api::Identity, "Verify", NOBODY),
    method(Api::ReferenceData, "Current", NOBODY),
];

/// What a request path asks for.
pub(crate) fn find(path: &str) -> Option<&'static Method> {
    let (service, name) = path.strip_prefix('/')?.split_once('/')?;
    METHODS.iter().find(|method| method.name == name && method.api.service() == service)
}
