"""Words of ECG headers and notes that name nobody, in the languages that headers are written in.

Words that are family or given names as often as not (White, Young, Will, May, Hall) are left out.
"""

from __future__ import annotations

from functools import cache

from ecgviewer.review.folding import fold

_ECG = """
abdominal aberrant ablation abnormal abnormality abnormalities accelerated acute af afib aflt afl
akinesia alternans amplitude amplitudes aneurysm angina angiography angioplasty anterior
anterolateral anteroseptal aorta aortic apex apical arrest arrhythmia arrhythmias arrhythmic
arrhythmogenic artefact artefacts artifact artifacts asystole atrial atrioventricular atrium
atypical automatic av avb avf avl avr avnrt avrt axis bandwidth baseline bazett beat beats biatrial
bidirectional bifascicular bigeminy bigeminal bipolar biphasic biventricular block blocked blocks
blood bradycardia bradyarrhythmia branch broad brugada bundle bypass cabg calcification calibrated
calibration capture cardiac cardial cardiogram cardiology cardiomegaly cardiomyopathy cardioversion
cardioverter catheter catheterization catheterisation cavity cerebral chamber chambers channel
channels chest cholesterol chronic clbbb crbbb lbbb rbbb irbbb ilbbb lafb lpfb ivcd coarse complete
complex complexes compression concave concentric concordant conduction conducted congenital
congestive constant contraction contractions convex coronary couplet couplets coved crt cto
decreased defect defibrillator degree delay delayed delta depolarization depressed depression
descending deviation device dextrocardia diabetes diabetic diagnosis diagnoses diagnostic diaphragm
diastolic diffuse digitalis digoxin dilated dilatation discordant disease disorder dissociation
distal dominance dominant downsloping dual duration dx dynamic dysfunction dysplasia dyspnea
dyspnoea early ebstein ecg ekg echo echocardiography ectopic ectopy edema effusion ejection
electric electrical electrocardiogram electrode electrodes electrolyte electronic elevated elevation
endocarditis enlargement enlarged epicardial episode episodes epsilon escape excitation exercise
exertion extrasystole extrasystoles extrasystolic failure fascicle fascicular fast female fetal
fever fibrillation fibrillatory filter filtered first flat flattened flattening flow flutter focal
foramen fraction frequency frequent fridericia fusion gain giant global grade gradient graft
gender group heart hemiblock hemodynamic hemodynamics high his holter horizontal hx hyperacute
hyperkalemia hypercalcemia hyperlipidemia hypertension hypertensive hyperthyroidism hypertrophic
hypertrophy hyperventilation hypocalcemia hypokalemia hypokinesia hypotension hypothermia
hypothyroidism icd idioventricular idiopathic implant implanted inadequate incomplete increased
indeterminate index induced infarct infarcts infarction infarctions infection inferior
inferolateral inferoposterior infero infra inhibited inhibitor injury intermittent interatrial
interval intervals intraatrial intracardiac intraventricular intravintricular inversion inverted
irregular irregularly ischaemia ischaemic ischemia ischemic isoelectric isolated isorhythmic
j-point jugular junction junctional juvenile lad lae large late lateral latera lca lcx lead
leads left leftward length level levels limb linear lipid localisation localization long loss low
lower lung lv lvef lvh lvot rvot male malignant mass maximal maximum mean measured medial
median medication mi minimal minimum mitral mild missing mobitz moderate monitor monitoring
monomorphic morphology multifocal multiform multiple murmur muscle muscular myocardial myocarditis
myocardium myopathy narrow native negative nodal node noise noisy nonspecific nondiagnostic normal
normals notch notched nsr nstemi nsvt obstruction obstructive occluded occlusion old onset opposite
orifice orthodromic outflow overload oversensing p-wave pac pacs paced pacemaker pacer pacing pain
palpitation palpitations papillary parasystole parkinson paroxysmal partial patent pattern pause
pauses pci peak peaked pectoral percent percutaneous pericardial pericarditis peripheral permanent
persistent phase physiological pleural pneumonia poor polymorphic positive post posterior
posterolateral postural potential potassium pqrst pr pr-interval preexcitation precordial pregnancy
premature presence present pressure previous primary procedure progression prolapse prolongation
prolonged proximal ptca pulmonary pvc pvcs pvst svt psvt q-wave qrs qrs-complex qs qt qtc
qt-interval quality r-wave rae rapid rate rates rbb rca reciprocal recurrent reduced reentrant reentry
reference regular regurgitation relative repolarisation repolarization rest restrictive resting
resynchronization retrograde reversal reversed rheumatic rhythm rhythms right rightward rr rsr rv
rvh rx s-wave sa sagging sarcoidosis saw scar scarring second secondary segment segments sensed
sensing septal septum sequence severe sex shape short shortened shunt sick sign signal signals
significant sinoatrial sinus site size slight slow slowed slur slurred slurring small smaller smoker
specific spike spikes spontaneous st st-segment stable standstill stemi stenosis stent straight
strain stress stroke subendocardial subacute sudden superior supraventricular supra suspected
sustained swapped sx symmetric symmetrical symptom symptoms synchrony syncope syndrome syst systolic
t-wave tachyarrhythmia tachycardia takotsubo tall taller tamponade telemetry temporary terminal
third threshold thrombolysis thrombosis thrombus thyroid torsade torsades pointes tracing tracings
transient transition transmural transplant tremor treatment tricuspid trifascicular trigeminy
trigger troponin typical undefined undetermined uniform unifocal uniform unipolar unspecific unstable
unusual upper upright upsloping v1 v2 v3 v4 v5 v6 vagal valve valves valvular vasospastic vector
ventricle ventricles ventricular ventriculography vertical vessel vessels vf vt voltage voltages
volume wall wander wandering wave waves wellens wenckebach wide widened widening wolff wpw zone iii
vii aldomet amiodarone aspirin atenolol bisoprolol captopril carvedilol clopidogrel diltiazem
diuretic enalapril flecainide furosemide heparin inderal insulin isosorbide lisinopril metformin
metoprolol nitrate nitroglycerin propranolol quinidine ramipril sotalol verapamil warfarin statin
"""

_COMMON = """
about above across added additional additionally adequate admission admitted adult after again
against age aged ago air all almost alone along already also although always among amount analysed
analysis analyzed and another any apart appear appears approximately are area around artificial
ask asked aspect asymptomatic attack available avg back bad base based because been before began
begin beginning behind being below better between both bottom brief but called came can cannot
case cases category cause caused causes center certain change changed changes changing child chosen
clean clear clearly clinical close closed code codes combined come comment comments common compared
comparison concern condition consistent contact contains continued continuous control correct could
count course currently data database date dated day days decade defined depends derived described
despite detail details detected determined developed difference different difficult digital digitized
direct discharge discharged does done down due during each easily effect either ended ends entire
equal error especially estimated evaluated evaluation even event events ever every evidence evident
examination examined example except excellent excluded expected experienced extra extreme extremely
factor fair far few field file files final finding findings fine five follow followed following
follows for former found four free from full further general generally gives given good great had
half has have having healthy hence here history hour hours how however human identical image
impossible improved include included includes including indicated indicates information initial
initially inside instead interpretation into interpreted involved involving its just keep kept kind
known lack largest last later least less like likely limit limited limits line list localized location machine made main mainly man manual many marked markedly maybe measure
measurement measurements medical method might minor minute minutes mixed model months month more
morning most mostly much must name names near nearly necessary need never new next night nine none
nor not note noted notes nothing now number numerous observed obtained obvious obviously occasional
occasionally occur occurs off office often once one ones only onto open original other others
otherwise our out outside over overall overview own paper part partly parts past patient patients
per performed period periods person place please point points possible possibly prior probable
probably problem problems produced program protocol protected provided proved put questionable quick
quickly quite ran random range rare rarely rather read reader reading real really reason reasons
received recent recently record recorded recorder recording recordings records referred region
related remaining remains remark remarks removed repeated repeat report reported reports required
result results return review reviewed routine same sample samples sampling scale screening seconds
section see seem seems seen selected sent separate series set several shortly should show showed
showing shown shows side similar simple simultaneous since single six slightly some sometimes source
standard start started starting state stated states status still stop stopped study subject
subjects such suggest suggested suggestive suggests suggesting sum suspicious system taken ten test
tested than that the their them then there therefore these they thing think this those though three
through thus time times together too took top total toward towards true twice two type types
unavailable unclear uncertain under unit units unknown unless until upon use used useful user using
usual usually value values variable varies various very via view visible visit was way week weeks
well went were what when where whether which while who whole whose why with within without woman work
would year years yes yet boy girl infant newborn adolescent elderly outpatient inpatient emergency
hospital clinic center centre ward department unit room institute university health care physician
doctor nurse technician operator street road avenue city country phone telephone email address
insurance identifier identification birth born referring reporting attending sir madam home folder pat mrn dob tel fax zip ssn med
documents downloads desktop tmp temp users mnt media var opt backup archive export import private
"""

_OTHERS = """
adresse alter arzt auffallig befund befunde beginn bei beide beschwerden bis block brustschmerz das
dem den der des diagnose die durch ein eine einem einen einer erhoht erhohung frau geburtsdatum
geboren geb geschlecht gesund hebung herr herz herzfrequenz herzinfarkt herzrhythmus hinterwand ist
jahr jahre jahren kein keine klinik krankenhaus lagetyp linkstyp links linksschenkelblock mannlich mit mittel nach nachname nicht normalbefund normaler oder ohne patientin pause praxis
rechts rechtsschenkelblock rhythmus schmerz schmerzen schrittmacher seit senkung spital station
steiltyp strasse tachykardie bradykardie und unauffallig uber unter verdacht verlangert vom von vor
vorderwand vorhof vorhofflimmern vorhofflattern vorname weiblich wegen wird wurde zeit zum zur
zustand extrasystolen sinusrhythmus telefon bemerkung
age ans apres arythmie auriculaire avant avec bloc branche cardiaque cardiologie chez
coeur complet dans derivation derivations des deux douleur droit droite elle est etude examen
fibrillation femme frequence gauche homme hopital infarctus les medecin naissance nee nom normale
onde ondes par pas pour prenom prescripteur qui regulier rythme sans sexe sinusal sont sous sur
tachycardie bradycardie thoracique tres une ventriculaire rue ville
apellido apellidos bloqueo cardiaca cardiaco clinica con derecha derecho del direccion dolor edad
electrocardiograma elevacion depresion fecha femenino frecuencia hombre infarto izquierda izquierdo
las los masculino medico mujer nacimiento nombre onda ondas paciente para por pecho rama ritmo
sexo sin sinusal taquicardia una ventricular auricular
altezza blocco branca cognome cuore data della del destra destro dolore eta femmina frequenza
indirizzo maschio medico nascita nato nata nome normale ospedale paziente per peso ritmo sesso
sinistra sinistro sinusale toracico uomo nei non idade data feminino nascimento sobrenome hospital
leeftijd geslacht geboortedatum naam man vrouw ritme voor van het een met zonder
"""


@cache
def plain_words() -> frozenset[str]:
    """Return the words, folded."""
    return frozenset(fold(f"{_ECG} {_COMMON} {_OTHERS}").replace("-", " ").split())


def is_plain(word: str) -> bool:
    """Return whether a word names nobody; its plural does not either."""
    folded = fold(word)
    known = plain_words()
    return folded in known or folded.removesuffix("s") in known or folded.removesuffix("es") in known
