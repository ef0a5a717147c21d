// SPDX-License-Identifier: Apache-2.0
//! Account roles: what an account is for, independent of any ERP's chart.
//! The sub-ledger holds roles; a target's own codes are resolved at submission.

use serde::{Deserialize, Serialize};

/// The accounting nature of a role; a chart mapping must agree with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    Asset,
    ContraAsset,
    Liability,
    Revenue,
    ContraRevenue,
    Expense,
}

/// Whether an ERP's word on an account fits the nature of the role that books there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    Agrees,
    Differs,
    /// The ERP says nothing that means a nature.
    Untold,
}

impl Nature {
    pub fn as_str(self) -> &'static str {
        match self {
            Nature::Asset => "asset",
            Nature::ContraAsset => "contra-asset",
            Nature::Liability => "liability",
            Nature::Revenue => "revenue",
            Nature::ContraRevenue => "contra-revenue",
            Nature::Expense => "expense",
        }
    }

    /// An ERP that keeps contra accounts under their family is taken at its word; one that tells them
    /// apart has to agree.
    pub fn agrees_with(self, told: &str) -> Agreement {
        let fits = match told.replace('_', "-").to_ascii_lowercase().as_str() {
            "asset" => matches!(self, Nature::Asset | Nature::ContraAsset),
            "contra-asset" => self == Nature::ContraAsset,
            "liability" => self == Nature::Liability,
            "revenue" | "income" => matches!(self, Nature::Revenue | Nature::ContraRevenue),
            "contra-revenue" => self == Nature::ContraRevenue,
            "expense" => self == Nature::Expense,
            "equity" => false,
            _ => return Agreement::Untold,
        };
        if fits { Agreement::Agrees } else { Agreement::Differs }
    }
}

macro_rules! roles {
    ($($name:ident $code:literal $nature:ident $title:literal,)*) => {
        /// What an account is for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Role {
            $(#[serde(rename = $code)] $name,)*
        }

        impl Role {
            pub const ALL: &'static [Role] = &[$(Role::$name),*];

            /// The number under which finance knows the role.
            pub fn code(self) -> &'static str {
                match self { $(Role::$name => $code,)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Role::$name => $title,)* }
            }

            pub fn nature(self) -> Nature {
                match self { $(Role::$name => Nature::$nature,)* }
            }

            pub fn parse(code: &str) -> Option<Role> {
                match code { $($code => Some(Role::$name),)* _ => None }
            }
        }
    };
}

roles! {
    Cash "1010" Asset "Cash",
    Clearing "1090" Asset "ERA/EFT clearing",
    Undeposited "1091" Asset "Undeposited patient receipts",
    ProviderSuspense "1095" Asset "Provider-adjustment suspense",
    ReceivablePayer "1200" Asset "Accounts receivable, payer",
    ReceivablePatient "1210" Asset "Accounts receivable, patient",
    ReceivableAgency "1215" Asset "Accounts receivable, agency",
    AllowanceContractual "1290-C" ContraAsset "Allowance for contractual adjustments",
    AllowanceImplicit "1290-I" ContraAsset "Allowance for implicit price concessions",
    AllowanceCreditLoss "1295" ContraAsset "Allowance for credit losses",
    Withhold "1320" Asset "Withhold receivable",
    DueFrom "1390" Asset "Due from affiliates",
    TaxReceivable "1330" Asset "Tax withholding receivable",
    Unapplied "2100" Liability "Unapplied cash",
    Unidentified "2101" Liability "Unidentified cash",
    Quarantine "2105" Liability "Remittance in quarantine",
    PatientRefund "2110" Liability "Patient refund liability",
    PayerTakeback "2115" Liability "Payer refund and takeback liability",
    ContractLiability "2120" Liability "Contract liability (prepayments)",
    UnearnedCapitation "2130" Liability "Unearned capitation",
    Settlement "2140" Liability "Third-party settlement",
    UnclaimedProperty "2190" Liability "Unclaimed property",
    DueTo "2390" Liability "Due to affiliates",
    GrossRevenue "4000" Revenue "Gross patient revenue",
    Contractual "4100" ContraRevenue "Contractual adjustments",
    SelfPayDiscount "4105" ContraRevenue "Self-pay and prompt-pay discounts",
    ImplicitConcession "4110" ContraRevenue "Implicit price concessions",
    Charity "4120" ContraRevenue "Charity care",
    DenialWriteOff "4130" ContraRevenue "Denial write-offs",
    AdministrativeWriteOff "4140" ContraRevenue "Administrative write-offs",
    CapitationAdjustment "4150" ContraRevenue "Capitation adjustment",
    Capitation "4200" Revenue "Capitation revenue",
    Interest "4900" Revenue "Interest and other income",
    CreditLoss "6100" Expense "Credit loss",
    MerchantFee "6200" Expense "Merchant and transmission fees",
    AgencyFee "6210" Expense "Agency fees",
}

impl Role {
    /// Liability roles whose balance must never go debit.
    pub fn never_debit(self) -> bool {
        matches!(
            self,
            Role::Unapplied
                | Role::Unidentified
                | Role::Quarantine
                | Role::PatientRefund
                | Role::PayerTakeback
        )
    }

    /// Lines on these roles stay one per remittance, deposit or reference and are never summed up.
    pub fn kept_apart(self) -> bool {
        matches!(
            self,
            Role::Clearing
                | Role::ProviderSuspense
                | Role::Withhold
                | Role::TaxReceivable
                | Role::DueFrom
                | Role::DueTo
                | Role::Unapplied
                | Role::Unidentified
                | Role::Quarantine
                | Role::PatientRefund
                | Role::PayerTakeback
                | Role::Settlement
        )
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
