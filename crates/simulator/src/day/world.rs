// SPDX-License-Identifier: Apache-2.0
//! The hospital group of the simulated day: two legal entities, five facilities, eight payers, and a
//! hospital taken over lately with books of its own, in days that ask for it. Everybody is made up.

use super::Group;

/// A legal entity with its own books.
#[derive(Debug)]
pub struct Entity {
    pub code: &'static str,
    pub name: &'static str,
    pub tax_id: &'static str,
}

/// A place of care with its own National Provider Identifier.
#[derive(Debug)]
pub struct Facility {
    pub code: &'static str,
    pub name: &'static str,
    pub entity: &'static Entity,
    /// The first nine digits; the tenth is computed.
    pub npi_stem: &'static str,
    pub department: &'static str,
    pub cost_centre: &'static str,
    /// CLP08.
    pub facility_type: &'static str,
}

#[derive(Debug)]
pub struct Payer {
    pub code: &'static str,
    pub name: &'static str,
    pub class: &'static str,
    pub tax_id: &'static str,
    pub payer_id: &'static str,
    /// CLP06.
    pub filing: &'static str,
}

pub static HOSPITALS: Entity =
    Entity { code: "LVH", name: "Lakeview Hospitals", tax_id: "001470016" };
pub static PHYSICIANS: Entity =
    Entity { code: "LVP", name: "Lakeview Physicians", tax_id: "001470024" };
pub static ENTITIES: [&Entity; 2] = [&HOSPITALS, &PHYSICIANS];
/// Tax ids begin with 00, which no authority assigns.
pub static ACQUIRED: Entity = Entity { code: "RVH", name: "Riverbend Health", tax_id: "001470032" };

pub static FACILITIES: [Facility; 5] = [
    Facility {
        code: "LKM",
        name: "Lakeview Main Hospital",
        entity: &HOSPITALS,
        npi_stem: "199900010",
        department: "6010",
        cost_centre: "CC100",
        facility_type: "11",
    },
    Facility {
        code: "LKN",
        name: "Lakeview North Hospital",
        entity: &HOSPITALS,
        npi_stem: "199900011",
        department: "6020",
        cost_centre: "CC200",
        facility_type: "13",
    },
    Facility {
        code: "LKR",
        name: "Lakeview Rehabilitation",
        entity: &HOSPITALS,
        npi_stem: "199900012",
        department: "6030",
        cost_centre: "CC300",
        facility_type: "13",
    },
    Facility {
        code: "LKC",
        name: "Lakeview Clinic",
        entity: &PHYSICIANS,
        npi_stem: "199900013",
        department: "7010",
        cost_centre: "CC400",
        facility_type: "11",
    },
    Facility {
        code: "LKS",
        name: "Lakeview Surgery Center",
        entity: &PHYSICIANS,
        npi_stem: "199900014",
        department: "7020",
        cost_centre: "CC500",
        facility_type: "24",
    },
];

/// The only facility of [`ACQUIRED`].
pub static RIVERBEND: Facility = Facility {
    code: "RVM",
    name: "Riverbend Hospital",
    entity: &ACQUIRED,
    npi_stem: "199900015",
    department: "6010",
    cost_centre: "CC600",
    facility_type: "11",
};

/// Every legal entity of a group.
pub fn entities(group: Group) -> Vec<&'static Entity> {
    let acquired = match group {
        Group::Usual => None,
        Group::WithAcquired => Some(&ACQUIRED),
    };
    ENTITIES.into_iter().chain(acquired).collect()
}

/// Every facility of a group.
pub fn facilities(group: Group) -> Vec<&'static Facility> {
    let acquired = match group {
        Group::Usual => None,
        Group::WithAcquired => Some(&RIVERBEND),
    };
    FACILITIES.iter().chain(acquired).collect()
}

/// A provider that is in nobody's reference data.
pub const UNKNOWN_NPI_STEM: &str = "199900099";

pub static PAYERS: [Payer; 8] = [
    Payer {
        code: "MCRN",
        name: "NORTHERN MEDICARE CONTRACTOR",
        class: "medicare",
        tax_id: "002110010",
        payer_id: "NMC01",
        filing: "MB",
    },
    Payer {
        code: "MCDS",
        name: "STATE MEDICAID AGENCY",
        class: "medicaid",
        tax_id: "002110028",
        payer_id: "SMA01",
        filing: "MC",
    },
    Payer {
        code: "CEDR",
        name: "CEDAR MUTUAL INSURANCE",
        class: "commercial",
        tax_id: "002110036",
        payer_id: "CDR77",
        filing: "12",
    },
    Payer {
        code: "GRAN",
        name: "GRANITE ASSURANCE",
        class: "commercial",
        tax_id: "002110044",
        payer_id: "GRN12",
        filing: "12",
    },
    Payer {
        code: "HARB",
        name: "HARBOR HEALTH PLAN",
        class: "managed-care",
        tax_id: "002110052",
        payer_id: "HHP33",
        filing: "HM",
    },
    Payer {
        code: "SUMM",
        name: "SUMMIT MEDICARE ADVANTAGE",
        class: "medicare-advantage",
        tax_id: "002110060",
        payer_id: "SMA88",
        filing: "16",
    },
    Payer {
        code: "BENF",
        name: "UNION BENEFIT FUND",
        class: "commercial",
        tax_id: "002110078",
        payer_id: "UBF05",
        filing: "12",
    },
    Payer {
        code: "PRAI",
        name: "PRAIRIE SUPPLEMENT",
        class: "supplement",
        tax_id: "002110086",
        payer_id: "PSP42",
        filing: "12",
    },
];

pub const MEDICARE: &Payer = &PAYERS[0];
pub const CEDAR: &Payer = &PAYERS[2];
pub const GRANITE: &Payer = &PAYERS[3];
pub const SUPPLEMENT: &Payer = &PAYERS[7];
pub const MAIN: &Facility = &FACILITIES[0];
pub const NORTH: &Facility = &FACILITIES[1];
pub const CLINIC: &Facility = &FACILITIES[3];

/// The one pair whose contractuals are expected before the remittance comes.
pub const EXPECTED_BASIS: (&str, &str) = ("LVP", "managed-care");

pub static DEPARTMENTS: [(&str, &str); 9] = [
    ("6010", "Inpatient Care"),
    ("6011", "Emergency"),
    ("6020", "Outpatient Care"),
    ("6030", "Rehabilitation"),
    ("7010", "Primary Care"),
    ("7011", "Cardiology"),
    ("7020", "Ambulatory Surgery"),
    ("9990", "Closed Department"),
    ("unassigned", "Not assigned"),
];
/// In the ERP, but retired: nothing may post to it.
pub const INACTIVE_DEPARTMENT: &str = "9990";

/// Departments that a facility's claims belong to.
pub fn departments_of(facility: &Facility) -> &'static [&'static str] {
    match facility.code {
        "LKM" | "RVM" => &["6010", "6011"],
        "LKN" => &["6020", "6011"],
        "LKR" => &["6030"],
        "LKC" => &["7010", "7011"],
        _ => &["7020"],
    }
}

pub static SERVICE_LINES: [(&str, &str); 6] = [
    ("MED", "Medicine"),
    ("SUR", "Surgery"),
    ("CAR", "Cardiac"),
    ("EMR", "Emergency"),
    ("REH", "Rehabilitation"),
    ("unassigned", "Not assigned"),
];

impl Payer {
    /// BPR10 and TRN03.
    pub fn company_id(&self) -> String {
        format!("1{}", self.tax_id)
    }
}

/// The ten digits of an NPI: its check digit is Luhn's over 80840 and the stem.
pub fn npi(stem: &str) -> String {
    let mut sum = 24;
    for (index, byte) in stem.bytes().rev().enumerate() {
        let digit = u32::from(byte - b'0');
        let weighed = if index % 2 == 0 { digit * 2 } else { digit };
        sum += weighed / 10 + weighed % 10;
    }
    format!("{stem}{}", (10 - sum % 10) % 10)
}
